import Foundation
import TestSupport
import Testing

/// The manual pages: their sources are documents, and they are pages that man(1) can show.
@Suite struct ManualTests {
    private static let place = BuiltProgram.packagePath + "/Docs/man/"
    /// The sources, as the list of installed files has them.
    private static let pages = (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []

    private func text(_ page: String) throws -> String {
        try String(contentsOfFile: Self.place + page, encoding: .utf8)
    }

    /// Runs a function of the script that makes what is installed.
    private func run(_ command: String) throws -> ProgramRun.Outcome {
        let parts = BuiltProgram.packagePath + "/mount-scripts/parts"
        let script = "set -euo pipefail; source \(parts)/common.sh; source \(parts)/installed.sh; "
        return try ProgramRun.finish("/bin/bash", ["-c", script + command])
    }

    @Test(arguments: pages) func eachPageHasTheSectionsOfOne(page: String) throws {
        let text = try text(page)
        let name = page.split(separator: ".").dropLast(2).joined(separator: ".")
        let section = page.split(separator: ".").dropLast().last ?? ""
        #expect(text.hasPrefix("# \(name)(\(section))\n\n## NAME\n\n\(name) – "))
        let sections = text.split(separator: "\n").filter { $0.hasPrefix("## ") }
        for word in ["SYNOPSIS", "DESCRIPTION", "SEE ALSO"] {
            #expect(sections.contains("## \(word)"), "\(page)")
        }
        let installed = try run("printf '%s\\n' \"${manual_pages[@]}\"").output
        #expect(installed.split(separator: "\n").contains(page.dropLast(3)), "not installed")
    }

    @Test(arguments: [
        (BuiltProgram.zswapfs, "zswapfs.8.md"), (BuiltProgram.bench, "zswapfs-bench.1.md"),
    ])
    func everyCommandIsDescribed(program: String?, page: String) throws {
        let program = try #require(program)
        let help = try ProgramRun.finish(program, ["--help"]).output
        let list = help.components(separatedBy: "SUBCOMMANDS:\n").last ?? ""
        let lines = list.components(separatedBy: "\n\n").first?.split(separator: "\n") ?? []
        let names = lines.filter { $0.hasPrefix("  ") && !$0.hasPrefix("   ") }
            .compactMap { $0.split(whereSeparator: { " ,".contains($0) }).first }
        #expect(names.count > 5)
        let text = try text(page)
        for name in names {
            #expect(text.contains("**\(name)**") || text.contains("**\(name) "), "\(name)")
        }
    }

    @Test(
        .enabled(
            if: SwapHost.has("lowdown") && SwapHost.has("mandoc"), "needs lowdown and mandoc"),
        arguments: pages)
    func eachPageIsCleanRoff(page: String) throws {
        let name = page.dropLast(3)
        let lint = try run("make_manual_page \(name) | mandoc -T lint -W warning || true")
        #expect(lint.status == 0 && lint.output.isEmpty && lint.errors.isEmpty, "\(lint)")
        let shown = try run("make_manual_page \(name) | mandoc -T utf8 -O width=80 | col -b")
        #expect(shown.output.contains("NAME\n"), "\(shown)")
        let wide = shown.output.split(separator: "\n").filter { $0.count > 80 }
        #expect(wide.isEmpty, "wider than a terminal: \(wide)")
    }
}
