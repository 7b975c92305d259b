import Foundation
import TestSupport
import Testing
import ZPool

/// The size class of every payload, for every chain length, against a list that a few lines of
/// Python made from the rule alone (`Golden/size-classes.py`).
///
/// When the rule changes: `python3 size-classes.py > size-classes.txt`, in that folder.
@Suite struct SizeClassGoldenTests {
    /// A run of payloads that share a class, as a line of the list says it.
    private struct Line {
        var chainLength: Int
        var payloads: ClosedRange<Int>
        var byteCount: Int
        var frameCount: Int
        var objectCount: Int

        init(_ text: Substring) throws {
            let numbers = text.split(separator: " ").compactMap { Int($0) }
            try #require(numbers.count == 6 && numbers[1] <= numbers[2], "\(text)")
            chainLength = numbers[0]
            payloads = numbers[1]...numbers[2]
            byteCount = numbers[3]
            frameCount = numbers[4]
            objectCount = numbers[5]
        }
    }

    private static func path(_ name: String) -> String {
        URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/\(name)")
            .path()
    }

    private static func golden() throws -> String {
        try String(contentsOfFile: path("size-classes.txt"), encoding: .utf8)
    }

    @Test func everyPayloadIsInTheClassThatTheRuleSays() throws {
        let lines = try Self.golden().split(separator: "\n").map(Line.init)
        var compared = 0
        for (chainLength, lines) in Dictionary(grouping: lines, by: \.chainLength) {
            let table = SizeClassTable(chainLength: chainLength)
            #expect(table.classes.count == lines.count)
            #expect(lines.flatMap(\.payloads) == Array(1...4096))
            for line in lines {
                let wrong = line.payloads.filter { byteCount in
                    let found = table.sizeClass(ofByteCount: byteCount)
                    return found.byteCount != line.byteCount
                        || found.frameCount != line.frameCount
                        || found.objectCount != line.objectCount
                }
                #expect(wrong.isEmpty, "chain \(chainLength), payloads \(wrong)")
                compared += line.payloads.count
            }
        }
        #expect(compared == 13 * 4096)
    }

    /// The list is what the script prints, so that neither changes without the other.
    @Test(.enabled(if: SwapHost.has("python3"), "optional: needs python3"))
    func theListIsWhatTheScriptPrints() throws {
        let run = try ProgramRun.finish(
            "/usr/bin/env", ["python3", Self.path("size-classes.py")])
        #expect(run.status == 0, "\(run.errors)")
        // Compared as a whole: a difference is not to be printed, it has a thousand lines.
        let isEqual = try run.output == Self.golden()
        #expect(isEqual, "see size-classes.py")
    }
}
