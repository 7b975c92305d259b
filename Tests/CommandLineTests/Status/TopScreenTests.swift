import Foundation
import TestSupport
import Testing
import ZswapCore

@testable import ZswapfsCommand

/// The screen of `zswapfs top`: whole screens beside files, and what must hold for any numbers.
/// A failure prints the screen as it is now: if it is meant so, it belongs into the file.
@Suite struct TopScreenTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Screens")

    private func kept(_ name: String) throws -> [String] {
        try String(contentsOf: Self.folder.appending(path: name), encoding: .utf8)
            .split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }

    private func expect(_ lines: [String], _ name: String) throws {
        #expect(lines == (try kept(name)), "\(name)\n\(lines.joined(separator: "\n"))")
    }

    @Test(arguments: [60, 80, 120, 200]) func wholeScreens(columns: Int) throws {
        let lines = try TopFixture.screen(columns: columns).lines.map(\.text)
        try expect(lines, "\(columns).txt")
    }

    @Test func withoutUTF8() throws {
        let screen = try TopFixture.screen(columns: 80, isUTF8: false)
        #expect(screen.lines.allSatisfy { $0.text.utf8.allSatisfy { $0 < 0x7f } })
        try expect(screen.lines.map(\.text), "ascii.txt")
    }

    @Test func helpAndTrouble() throws {
        var view = TopView()
        view.take(Array("?".utf8))
        let screen = try TopFixture.screen(
            columns: 80, view: view, trouble: "the daemon does not answer")
        try expect(screen.lines.map(\.text), "help.txt")
    }

    /// At every size lines fit, and none has anything that a terminal obeys.
    @Test func everySizeFits() throws {
        for columns in 1...210 {
            for (rows, showsHelp) in [(1, false), (12, false), (13, true), (24, false), (60, true)]
            {
                var view = TopView()
                view.showsHelp = showsHelp
                let lines = try TopFixture.screen(columns: columns, rows: rows, view: view).lines
                #expect(lines.count <= rows)
                for line in lines {
                    #expect(ColumnText.width(of: line.text) <= columns, "\(columns): \(line.text)")
                    #expect(
                        !line.text.unicodeScalars.contains {
                            $0.value < 0x20 || $0.properties.generalCategory == .format
                        })
                }
            }
        }
    }

    /// Another user's daemon may answer anything.
    @Test(arguments: ["9223372036854775807", "-9223372036854775808", "-1", "0", "", "x"])
    func anyNumberGivesAScreen(number: String) throws {
        let first = TopFixture(isLater: false)
        var second = TopFixture(isLater: true)
        for path in second.texts.keys {
            let isArea = path.hasPrefix("stats/areas/")
            second.texts[path] =
                isArea ? "size \(number)\nreads \(number)\nratio \(number)" : number
        }
        second.texts["stats/request_latency_buckets"] =
            "read \(number) \(number)\nread \(number) 18446744073709551615\nwrite 1"
        for (earlier, later) in [(first, second), (second, first)] {
            let interval = TopInterval(
                try TopSample(asking: later, at: 2), since: try TopSample(asking: earlier, at: 2))
            var history = TopHistory(intervalSeconds: 0.1)
            history.add(interval)
            let screen = TopScreen(
                interval: interval, history: history, view: TopView(), intervalSeconds: 0.1,
                style: .init(columnCount: 80, rowCount: 24, isUTF8: true, hasStyles: true))
            let fits = screen.lines.allSatisfy { ColumnText.width(of: $0.text) <= 80 }
            #expect(fits)
            #expect(!TopLines.line(of: interval).isEmpty)
        }
    }

    @Test func linesOfAFileStandBelowTheirHead() throws {
        let line = TopLines.line(of: try TopFixture.interval())
        #expect(line.count == TopLines.head.count)
        #expect(
            line.split(separator: " ") == [
                "7490", "127.4k", "64", "2.20", "53.5", "204.7", "8.1", "8.1", "12.2", "12.2", "19",
                "25000", "2.0",
            ])
    }

    @Test func onlyTheRestOfALineIsCleared() {
        let style = TopScreen.Style(columnCount: 5, rowCount: 3, isUTF8: true, hasStyles: false)
        let lines = [TopScreen.Line(text: "12345"), TopScreen.Line(text: "1", look: .head)]
        #expect(TopFrame.text(of: lines, style) == "\u{1b}[H12345\r\n1\u{1b}[K\r\n\u{1b}[J")
        var styled = style
        styled.hasStyles = true
        styled.rowCount = 2
        #expect(
            TopFrame.text(of: lines, styled)
                == "\u{1b}[H12345\r\n\u{1b}[7m1\u{1b}[0m\u{1b}[K")
    }
}
