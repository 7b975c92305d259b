import LinuxSystem
import TestSupport
import Testing
import ZswapCore

@testable import Maintenance
@testable import SwapStore

/// The thread that recompresses.
@Suite(.serialized) struct RecompressorTests {
    @Test func itDoesWhatIsAskedForAndSleeps() throws {
        let fixture = try TestStore(growsInBackground: true)
        let (store, maintenance) = (fixture.store, fixture.maintenance)
        let area = try fixture.makeArea()
        for page in 0..<700 as Range<UInt64> {
            try fixture.write(PageContent.compressible(page), to: area, page: page)
        }
        try maintenance.start(.tiers)
        store.update { $0.coldCPUPercent = 100 }
        try maintenance.startRecompression(.all)
        #expect(Patience.wait(milliseconds: 20_000) { !maintenance.tierReport.isRequestRunning })
        #expect(store.tierCounts.recompressedPageCount == 700)
        // Woken by the age alone.
        for page in 0..<100 as Range<UInt64> {
            try fixture.write(PageContent.compressible(page), to: area, page: page)
        }
        try store.setColdAfter(seconds: 1)
        #expect(
            Patience.wait(milliseconds: 20_000) { store.tierCounts.recompressedPageCount == 800 })
        maintenance.stop()
        for page in 0..<700 as Range<UInt64> {
            #expect(try fixture.read(area, page: page) == PageContent.compressible(page))
        }
    }

    @Test func stoppingEndsIt() throws {
        let fixture = try TestStore(growsInBackground: true)
        let area = try fixture.makeArea()
        for page in 0..<400 as Range<UInt64> {
            try fixture.write(PageContent.compressible(page), to: area, page: page)
        }
        for _ in 0..<20 {
            try fixture.maintenance.start(.tiers)
            try? fixture.maintenance.startRecompression(.all)
            fixture.maintenance.stop()
        }
        for pool in fixture.store.pools { pool.checkInvariants() }
        for page in 0..<400 as Range<UInt64> {
            #expect(try fixture.read(area, page: page) == PageContent.compressible(page))
        }
    }

    @Test func everyAgeHasItsClass() {
        #expect([0, 1, 2, 3, 4, 1 << 18, .max].map(TierSweep.ageClass) == [0, 1, 2, 2, 3, 19, 19])
        #expect(TierSweep.ageClass(-5) == 0)
        #expect(TierSweep.ageClass(LastUse.ageSecondsMax) == 19)
    }

    @Test func noWordThatCannotBeIsBelieved() {
        for pages in [PageSelection.all, .huge, .idle(seconds: 60)] {
            #expect(PageSelection(word: pages.word) == pages)
        }
        for word in [0, 4, 3, 3 | 1 << 60, .max] as [UInt64] {
            #expect(PageSelection(word: word) == nil)
        }
    }
}
