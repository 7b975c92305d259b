import Foundation
import Testing
import ZswapCore

@testable import ControlTree

/// Docs/Control-Files.md against the table, in both directions.
@Suite struct DocumentationTests {
    private static let text: String = {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Docs/Control-Files.md")
        return (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    }()

    @Test func everyRowIsDocumentedAsItIs() {
        let lines = Self.text.split(separator: "\n").map(String.init)
        for row in ControlTree.rows {
            #expect(
                lines.contains(row.documentation), "missing, or not this line: \(row.documentation)"
            )
        }
    }

    @Test func nothingElseIsDocumented() {
        let known = Set(ControlTree.rows.map(\.documentation))
        for line in Self.text.split(separator: "\n")
        where line.hasPrefix("| `params/") || line.hasPrefix("| `stats/") {
            #expect(known.contains(String(line)), "a row of no file: \(line)")
        }
    }

    @Test func everyLineOfAnAreaIsDocumentedInItsOrder() {
        let lines = Self.text.split(separator: "\n").map(String.init)
        let known = AreaCounter.all.map(\.documentation)
        let first = lines.firstIndex(of: known[0])
        #expect(first.map { Array(lines[$0...].prefix(known.count)) } == known, "\(known)")
    }

    /// In the examples: `$ echo VALUE > FILE` is taken, with `# ERRNO` behind it refused, and
    /// `$ cat FILE` reads.
    @Test func examplesWork() throws {
        let fixture = try ControlFixture()
        var count = 0
        for line in Self.text.split(separator: "\n") where line.hasPrefix("$ ") {
            let (command, comment) = Self.parts(line.dropFirst(2))
            let words = command.split(separator: " ")
            if words.first == "cat", words.count == 2 {
                #expect(throws: Never.self, "\(line)") { try fixture.tree.read(ByteText(words[1])) }
            } else if words.first == "echo", words.count == 4, words[2] == ">" {
                let error = Self.refusal(fixture.tree, String(words[1]), String(words[3]))
                #expect((error == nil) == comment.isEmpty, "\(line)")
            } else {
                Issue.record("an example that cannot be tried: \(line)")
            }
            count += 1
        }
        #expect(count > 5)
    }

    private static func parts(_ line: Substring) -> (command: Substring, comment: Substring) {
        guard let mark = line.firstIndex(of: "#") else { return (line, "") }
        return (line[..<mark], line[mark...])
    }

    private static func refusal(
        _ tree: ControlTree, _ text: String, _ path: String
    ) -> ControlError? {
        do throws(ControlError) {
            try tree.write(text + "\n", to: ByteText(path))
            return nil
        } catch {
            return error
        }
    }
}
