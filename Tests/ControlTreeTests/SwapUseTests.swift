import SwapStore
import TestSupport
import Testing

@testable import ControlTree

/// Stale pages: what is estimated, where it is shown, when it is worth a sentence.
@Suite struct SwapUseTests {
    @Test(arguments: [
        // used, stored then, stored now: stale
        (0, 1, 1, 0), (0, 0, 0, 0), (10, 28, 28, 17), (27, 28, 28, 0), (28, 28, 28, 0),
        // What came since the look is not known to be stale; what went is not any more.
        (10, 28, 500, 17), (10, 28, 20, 9), (10, 28, 1, 0),
    ])
    func staleIsWhatNobodyCanAskFor(used: Int, then: Int, now: Int, stale: Int) {
        let use = SwapUse(usedPageCount: used, storedPageCount: then)
        #expect(use.stalePageCount(storedNow: now) == stale)
    }

    @Test(arguments: [
        (256, 300, false), (257, 300, true), (257, 2055, true), (257, 2056, false),
        (0, 0, false), (1000, 8000, false), (1001, 8000, true),
    ])
    func littleIsNotWorthTelling(stale: Int, stored: Int, isWorth: Bool) {
        #expect(
            SwapUse.isWorthTelling(stalePageCount: stale, storedPageCount: stored) == isWorth)
    }

    @Test func everyFileSaysTheSame() throws {
        let fixture = try ControlFixture(swapUse: [
            "swap": SwapUse(usedPageCount: 10, storedPageCount: 28),
            "gone": SwapUse(usedPageCount: 0, storedPageCount: 99),
        ])
        #expect(try fixture.number("stats/stale_pages") == 17)
        #expect(try fixture.lines("stats/areas/swap").last?.value == 17)
        #expect(try fixture.lines("stats/areas/empty").last?.value == 0)
        let metrics = try Exposition(try fixture.tree.read("stats/metrics"))
        let samples = metrics.samples.filter { $0.name.hasSuffix("stale_pages") }
        #expect(samples.map(\.value) == [17, 17, 0, 0])
        #expect(!(try fixture.value("stats/summary").contains("stale")))
        // The store's number is of now.
        try fixture.fixture.store.truncate(fixture.area, to: 4096, by: fixture.fixture.worker)
        #expect(try fixture.number("stats/stale_pages") == 0)
    }

    @Test func theSummaryTellsHowToGetThemBack() throws {
        let fixture = try ControlFixture(swapUse: [
            "swap": SwapUse(usedPageCount: 28, storedPageCount: 328)
        ])
        for page in 28..<328 as Range<UInt64> {
            try fixture.fixture.write(PageContent.compressible(page), to: fixture.area, page: page)
        }
        let lines = try fixture.value("stats/summary").split(separator: "\n")
        let line = lines.first { $0.hasPrefix("stale ") } ?? "no such line"
        for part in [
            "at least 299 pages, 1.1 MiB, of area swap", "zswapfs swap off", "swap on", "--discard",
        ] {
            #expect(line.contains(part), "\(line)")
        }
    }
}
