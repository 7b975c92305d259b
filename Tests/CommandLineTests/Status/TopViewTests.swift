import Testing
import ZswapCore

@testable import ZswapfsCommand

/// Keys, order, figures and rates of `zswapfs top`.
@Suite struct TopViewTests {
    private func names(_ keys: String, areaCount: Int = 14) throws -> [String] {
        var view = TopView()
        view.take(Array(keys.utf8))
        let table = TopTable(
            interval: try TopFixture.interval(areaCount: areaCount), order: view.order,
            columnCount: 200, isUTF8: true)
        let lines = table.lines(from: view.firstArea, count: 5)
        return lines.areas.map { String($0.prefix { $0 != " " }) }
    }

    @Test func keysSort() throws {
        #expect(try names("").first == "swap")
        // Same-filled pages: the last area has most of them.
        #expect(try names("s").first == "area-9" && (try names(">")) == (try names("s")))
        #expect(try names("<").first == "area-9", "by size")
        #expect(try names("<<").first == "area-0", "by name")
        #expect(try names("<<<").first?.hasPrefix("領域") == true, "by rejects")
        #expect(try names("<<<<<").first == "red?[31m??drow", "by stores")
        #expect(try names(String(repeating: "s", count: 12)) == (try names("")))
    }

    @Test func keysScroll() throws {
        let all = try names("<<")
        #expect(try names("<<j").first == all[1])
        #expect(try names("<<\u{1b}[B\u{1b}OB").first == all[2])
        #expect(try names("<<jjj\u{1b}[Ak").first == all[1])
        #expect(try names("<<k").first == all[0])
        // No further than to the last ones.
        #expect(try names("<<\u{1b}[6~\u{1b}[6~").count == 5)
        #expect(try names("<<\u{1b}[6~\u{1b}[5~") == all)
    }

    @Test func anyBytesAreKeys() {
        var view = TopView()
        for first in 0...UInt8.max where first != UInt8(ascii: "q") {
            view.take([0x1b, first])
            view.take([0x1b, UInt8(ascii: "["), first])
            view.take([first])
        }
        view.take([0x1b])
        view.take(Array("\u{1b}[12;34".utf8))
        #expect(!view.isEnded)
        view.take(Array("xq".utf8))
        #expect(view.isEnded)
    }

    @Test(arguments: [
        (0, "0"), (0.04, "0.0"), (9.94, "9.9"), (9.96, "10"), (99_999, "99999"),
        (100_000, "100.0k"), (1_234_567, "1234.6k"), (12_345_678, "12.3M"), (-1, "0"),
        (Double.nan, "0"), (1e300, ">10^13"),
    ])
    func ratesAreShort(rate: Double, text: String) { #expect(TopFigure.rate(rate) == text) }

    @Test(arguments: [
        (0, "0 ns"), (999, "999 ns"), (1000, "1.0 µs"), (99_949, "99.9 µs"), (100_000, "100 µs"),
        (1_000_000, "1.0 ms"), (999_999_999, "1000 ms"), (1_500_000_000, "1.5 s"),
        (UInt64.max, ">10^5 s"),
    ])
    func timesAreShort(nanoseconds: UInt64, text: String) {
        #expect(TopFigure(isUTF8: true).time(nanoseconds) == text)
    }

    @Test func curvesKeepTheHighest() {
        let figure = TopFigure(isUTF8: false)
        #expect(figure.curve([0, 1, 7, 0], cellCount: 6) == "  _.#_")
        #expect(figure.curve([7, 0, 0, 0], cellCount: 2) == "#_")
        #expect(figure.curve([], cellCount: 3) == "   ")
        #expect(figure.curve([1], cellCount: -1) == "")
        #expect(figure.bar(0.5, cellCount: 4) == "##.." && figure.bar(7, cellCount: 2) == "##")
    }

    @Test func textIsCutByColumns() {
        let wide = "領域の名前"
        #expect(ColumnText.width(of: wide) == 10 && ColumnText.width(of: "e\u{301}") == 1)
        #expect(ColumnText.cut(wide, to: 10, isUTF8: true) == wide)
        #expect(ColumnText.cut(wide, to: 6, isUTF8: true) == "領域…")
        #expect(ColumnText.cut("abc", to: 0, isUTF8: true) == "")
        #expect(ColumnText.name("a\u{202e}b\nc", isUTF8: true) == "a?b?c")
        #expect(ColumnText.name("é", isUTF8: false) == "?")
    }

    /// Another daemon has taken over: its counters begin at zero.
    @Test func countersThatBeginAnewGiveNoRate() throws {
        let interval = TopInterval(
            try TopSample(asking: TopFixture(isLater: false), at: 2_000_000_000),
            since: try TopSample(asking: TopFixture(isLater: true), at: 1_000_000_000))
        #expect(interval.loaded == 0 && interval.stored == 0 && interval.rejected == 0)
        #expect(interval.reads.percentile(0.5) == nil)
    }

    @Test func aLongerIntervalHasLowerRates() throws {
        let earlier = try TopSample(asking: TopFixture(isLater: false), at: 0)
        let later = try TopSample(asking: TopFixture(isLater: true), at: 4_000_000_000)
        let interval = TopInterval(later, since: earlier)
        #expect(interval.rate("discarded_pages") == 16 && interval.rejected == 0.5)
        // One that was made meanwhile counts from zero.
        let young = try TopSample(asking: TopFixture(isLater: true, areaCount: 1), at: 1)
        let none = try TopSample(asking: TopFixture(isLater: false, areaCount: 0), at: 0)
        #expect(TopInterval(young, since: none).areas.count == 1)
    }
}
