import Maintenance
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
        let line = lines.first { $0.hasPrefix("stale ") } ?? "no line `stale`"
        for part in [
            "at least 299 pages, 1.1 MiB, of area swap", "zswapfs swap off", "swap on", "--discard",
        ] {
            #expect(line.contains(part), "\(line)")
        }
    }

    @Test func devicesAreListedWithTheirAreas() throws {
        let use = SwapUse(usedPageCount: 7, storedPageCount: 28)
        let fixture = try ControlFixture(swapUse: ["swap": use, ControlFixture.hardName: use])
        let text = try fixture.tree.read("stats/devices")
        #expect(
            text == "/dev/loop9 7:9 swap 7 linked 0 a\\040\"b\"\\134\\012c\n"
                + "/dev/loop9 7:9 swap 7 linked 28 swap\n")
        let summary = try fixture.value("stats/summary")
        #expect(summary.contains("\narea swap: "))
        #expect(summary.contains("objects, in use as swap on /dev/loop9"))
        #expect(try ControlFixture().value("stats/devices") == "none")
    }

    /// An area without a name, that lives for its loop device.
    @Test func aRemovedAreaIsShownWhileADeviceStandsOnIt() throws {
        let use = SwapUse(usedPageCount: 1, storedPageCount: 28)
        let fixture = try ControlFixture()
        let store = fixture.fixture.store
        let slot = fixture.area.slot
        let tree = ControlTree(of: fixture.fixture.maintenance) {
            ControlFacts(devices: [
                AreaDevice(path: "/dev/loop9", number: "7:9", slot: slot, use: use)
            ])
        }
        store.open(fixture.area)
        try store.unlinkArea(name: "swap", by: fixture.fixture.worker)
        #expect(try tree.read("stats/devices") == "/dev/loop9 7:9 swap 1 removed 28 swap\n")
        let summary = try tree.read("stats/summary")
        #expect(summary.contains("\narea swap (removed): "), "\(summary)")
        #expect(try tree.read("stats/stale_pages") == "26\n")
        store.close(fixture.area, by: fixture.fixture.worker)
        #expect(!(try tree.read("stats/summary").contains("removed")))
    }
}
