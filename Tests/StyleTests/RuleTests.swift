import Testing

/// Every rule can fail, says where, and lets alone what only looks alike.
@Suite struct RuleTests {
    private func swift(_ text: String, path: String = "Sources/SwapStore/Area.swift") -> TextFile {
        TextFile(path: path, text: text)
    }

    private func lines(_ violations: [Violation]) -> [Int] { violations.map(\.line) }

    @Test func violationsNameFileAndLine() {
        let file = swift("let a = 1\n\tlet b = 2\n")
        #expect(
            TextRules.violations(in: file).map(\.description) == [
                "Sources/SwapStore/Area.swift:2: a tab"
            ])
    }

    @Test func columns() {
        let long = String(repeating: "é", count: 100)
        #expect(TextRules.violations(in: swift("// ok\n" + long)).isEmpty)
        #expect(lines(TextRules.violations(in: swift("// ok\n" + long + "e"))) == [2])
        let document = TextFile(path: "Docs/A.md", text: long + long)
        #expect(TextRules.violations(in: document).isEmpty)
    }

    @Test func fileLength() {
        let lines400 = String(repeating: "let a = 1\n", count: 400)
        #expect(TextRules.violations(in: swift(lines400)).isEmpty)
        #expect(lines(TextRules.violations(in: swift(lines400 + "let b = 2\n"))) == [401])
    }

    @Test(arguments: ["TO" + "DO", "FIX" + "ME", "X" + "XX"])
    func leftovers(word: String) {
        #expect(lines(TextRules.violations(in: swift("let a = 1  // \(word): more"))) == [1])
        #expect(TextRules.violations(in: swift("let \(word.lowercased())s = 1")).isEmpty)
        let script = TextFile(path: "mount-scripts/a", text: "mktemp /tmp/a.\(word)\(word)")
        #expect(TextRules.violations(in: script).isEmpty)
    }

    @Test func machinePathsAndRegistries() {
        let bad = ["/wo" + "rk/main/a", "cd /ro" + "ot/b", "https://py" + "pi.org/c"]
        for text in bad {
            #expect(lines(TextRules.violations(in: swift("let a = 1\n// \(text)"))) == [2])
        }
        #expect(TextRules.violations(in: swift("// groundwork/main, chroot/b")).isEmpty)
    }

    @Test func issueNumbers() {
        let number = "#" + "12"
        for text in [
            "// see \(number)", "/// Fixes (\(number)).", "// iss" + "ue 12", "/* \(number) */",
        ] {
            #expect(lines(TextRules.violations(in: swift(text))) == [1], "\(text)")
        }
        for text in ["let a = \"\(number)\"", "#if DEBUG", "// a #hash", "// issues two words"] {
            #expect(TextRules.violations(in: swift(text)).isEmpty, "\(text)")
        }
        let document = TextFile(path: "Docs/A.md", text: "# 1. Head\n[a](#1-head) see \(number)\n")
        #expect(lines(TextRules.violations(in: document)) == [2])
        let script = TextFile(path: "mount-scripts/a", text: "echo ${a\(number)} $#\n# \(number)\n")
        #expect(lines(TextRules.violations(in: script)) == [2])
    }

    @Test(arguments: [
        "let p: UnsafeRawPointer", "withUnsafeBytes(of: a) {}", "unsafe f()", "Unmanaged.self",
        "p.assumingMemoryBound(to: Int.self)", "memcpy(a, b, 1)", "nonisolated(unsafe) var a = 1",
        "RawSpan(_unsafeStart: p, byteCount: 1)", "\"\\(unsafe f())\"",
    ])
    func unsafeOutsideTheFence(code: String) {
        #expect(lines(SafetyRules.violations(in: swift("let a = 1\n" + code))) == [2])
        for module in SafetyRules.fence {
            let file = swift(code, path: "Sources/\(module)/A.swift")
            #expect(SafetyRules.violations(in: file).isEmpty)
        }
        #expect(SafetyRules.violations(in: swift(code, path: "Tests/ATests/A.swift")).isEmpty)
    }

    @Test func unsafeInWordsOnlyIsFine() {
        let text = "// unsafe, Unsafe\nlet a = \"unsafe\"\nlet isMadeSafe = 1\n/* memcpy */"
        #expect(SafetyRules.violations(in: swift(text)).isEmpty)
    }

    @Test func uncheckedNeedsAReason() {
        let line = "final class A: @unchecked Sendable {}"
        #expect(lines(SafetyRules.violations(in: swift("\n" + line))) == [2])
        #expect(lines(SafetyRules.violations(in: swift("// why\n\n" + line))) == [3])
        #expect(lines(SafetyRules.violations(in: swift("/// What.\n" + line))) == [2])
        #expect(SafetyRules.violations(in: swift("// why\n" + line)).isEmpty)
        #expect(SafetyRules.violations(in: swift(line + "  // why")).isEmpty)
        #expect(SafetyRules.violations(in: swift(line + "\n    // why\n")).isEmpty)
    }

    @Test(arguments: ["precondition(a)", "preconditionFailure(\"\")", "fatalError()"])
    func checksThatSayNothing(code: String) {
        #expect(lines(SafetyRules.violations(in: swift("let a = 1\n" + code))) == [2])
        let file = swift(code, path: "Sources/ZswapCore/A.swift")
        #expect(SafetyRules.violations(in: file).isEmpty)
    }

    @Test(arguments: ["try! f()", "a as! Int", "a.b!", "f()!.c", "a[0]!", "let a: Int!", "a!\n"])
    func forcing(code: String) {
        #expect(lines(SafetyRules.violations(in: swift("let a = 1\n" + code))) == [2])
    }

    @Test func notForcing() {
        let text =
            "a != b\nlet c = !d\nf(!e)\n// really!\nlet s = \"no!\"\na!=b\n#if !DEBUG\n#endif"
        #expect(SafetyRules.violations(in: swift(text)).isEmpty)
    }

    @Test func emptyFiles() {
        for text in ["", "\n\n", "// placeholder\n", "/* a\n b */\n"] {
            #expect(lines(FileRules.violations(in: swift(text))) == [1], "\(text)")
            #expect(FileRules.violations(in: swift(text, path: "Tests/A/A.swift")).isEmpty)
        }
        let map = TextFile(path: "Sources/CLZ4/module.modulemap", text: "\n")
        #expect(lines(FileRules.violations(in: map)) == [1])
        #expect(FileRules.violations(in: swift("let a = 1")).isEmpty)
    }

    @Test func headings() {
        let bad = ["import A\n\npublic struct B {}\n", "@frozen public enum B {}\n"]
        #expect(bad.map { lines(FileRules.violations(in: swift($0))) } == [[3], [1]])
        let late = "let a = 1\n\n/// B.\npublic final class B {}\n"
        #expect(lines(FileRules.violations(in: swift(late))) == [1])
        for good in ["import A\n\n/// B.\npublic struct B {}\n", "struct B {}\n"] {
            #expect(FileRules.violations(in: swift(good)).isEmpty)
        }
    }

    @Test func sameNameTwice() {
        let files = ["Sources/A/X.swift", "Sources/A/B/X.swift", "Sources/C/X.swift"].map {
            swift("let a = 1", path: $0)
        }
        #expect(FileRules.duplicates(among: files).map(\.path) == ["Sources/A/B/X.swift"])
    }

    @Test func links() {
        let text = "[a](B.md) [b](../Sources/A.swift#L1)\n[c](gone.md) [d](https://e.org/gone.md)\n"
        let file = TextFile(path: "Docs/A.md", text: text + "```\n[e](gone.md)\n```\n[f](#a)\n")
        let found = DocumentLinks.violations(in: file) {
            ["Docs/B.md", "Sources/A.swift"].contains($0)
        }
        #expect(found == [Violation("Docs/A.md", 2, "no file Docs/gone.md to link to")])
    }

    @Test func retiredWords() {
        let word = "Some" + "body"
        let file = swift("/// \(word) waits.\nlet some\("body") = 1\n")
        #expect(
            TextRules.violations(in: file) == [
                Violation(
                    "Sources/SwapStore/Area.swift", 1,
                    "\"\(word.lowercased())\" does not say who or what")
            ])
    }

    @Test func namesOfFiles() {
        let text = "`A.swift`, `B/A.swift` and `C/A.swift`\n`Gone.swift`, `A….swift`, gone.swift\n"
        let found = DocumentLinks.violations(
            inNamesOf: TextFile(path: "Docs/A.md", text: text),
            among: [swift("let a = 1", path: "Sources/B/A.swift")])
        #expect(
            found == [
                Violation("Docs/A.md", 1, "no file C/A.swift"),
                Violation("Docs/A.md", 2, "no file Gone.swift"),
            ])
    }

    @Test func folders() {
        func files(_ count: Int) -> [TextFile] {
            (0..<count).map { swift("let a = 1", path: "Sources/A/B/X\($0).swift") }
        }
        #expect(FolderRules.violations(among: files(12)).isEmpty)
        #expect(
            FolderRules.violations(among: files(13)) == [
                Violation("Sources/A/B", 1, "13 entries; 12 are allowed")
            ])
    }

    @Test func scripts() throws {
        func script(_ text: String) -> TextFile { TextFile(path: "mount-scripts/a", text: text) }
        let good = script("#!/usr/bin/env bash\n# a\n\nset -euo pipefail\necho\n")
        #expect(ScriptRules.violations(in: good).isEmpty)
        #expect(try ScriptRules.syntax(of: good).isEmpty)
        let loose = script("#!/bin/sh\necho\nset -euo pipefail\n")
        #expect(lines(ScriptRules.violations(in: loose)) == [2])
        let broken = script("#!/bin/bash\nset -euo pipefail\nif true; then\n")
        #expect(lines(try ScriptRules.syntax(of: broken)).count == 1)
        #expect(ScriptRules.violations(in: script("#!/usr/bin/env python3\n")).isEmpty)
    }
}
