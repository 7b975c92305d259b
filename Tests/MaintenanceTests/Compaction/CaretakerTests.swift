import LinuxSystem
import PoolTesting
import Synchronization
import TestSupport
import Testing
import ZswapCore

@testable import Maintenance
@testable import SwapStore

/// The thread that compacts by itself and lets drained pools go.
@Suite struct CaretakerTests {
    private static let pageCount: UInt64 = 2000

    /// A store with holes: of five pages in a row one is left, so most frames can be freed.
    private static func makeSparse(
        tunables: (inout Tunables) -> Void = { _ in }
    ) throws -> (fixture: TestStore, area: Area) {
        let fixture = try TestStore(growsInBackground: true, tunables: tunables)
        let area = try fixture.makeArea()
        for page in 0..<pageCount {
            try fixture.write(PageContent.compressible(page), to: area, page: page)
        }
        for page in 0..<pageCount where page % 5 > 0 {
            try fixture.store.discard(
                area, at: page << 12, byteCount: 4096, by: fixture.worker)
        }
        return (fixture, area)
    }

    private static func expectContent(_ fixture: TestStore, _ area: Area) throws {
        for page in 0..<pageCount where page % 5 == 0 {
            let content = try fixture.read(area, page: page)
            #expect(content == PageContent.compressible(page), "page \(page)")
        }
    }

    @Test func itCompactsByItself() throws {
        let (fixture, area) = try Self.makeSparse()
        let freeable = fixture.store.freeablePageCount
        #expect(freeable > 64)
        try fixture.maintenance.start(.compaction)
        let isDone = Patience.wait(milliseconds: 10_000) {
            fixture.store.freeablePageCount == 0 && fixture.store.statistics.compactedFrames > 0
        }
        #expect(isDone)
        fixture.maintenance.stop()
        #expect(fixture.store.statistics.compactedFrames >= freeable)
        for pool in fixture.store.pools { pool.checkInvariants() }
        try Self.expectContent(fixture, area)
    }

    @Test func itLeavesPoolsAloneWhenTold() throws {
        let (fixture, _) = try Self.makeSparse { $0.compactsByItself = false }
        let freeable = fixture.store.freeablePageCount
        try fixture.maintenance.start(.compaction)
        // It looks at once, and what it does first is what it would do here.
        try fixture.store.setZpool("zbud")
        try fixture.store.setZpool("zsmalloc")
        let hasLooked = Patience.wait(milliseconds: 10_000) { fixture.store.pools.count == 1 }
        #expect(hasLooked)
        fixture.maintenance.stop()
        #expect(fixture.store.freeablePageCount == freeable)
        #expect(fixture.store.statistics.compactedFrames == 0)
    }

    @Test func stoppingEndsACompaction() throws {
        let (fixture, area) = try Self.makeSparse()
        for _ in 0..<20 {
            try fixture.maintenance.start(.compaction)
            fixture.maintenance.stop()
        }
        for pool in fixture.store.pools { pool.checkInvariants() }
        try Self.expectContent(fixture, area)
    }

    @Test func pagesStayRightWhileItWorks() throws {
        let (fixture, area) = try Self.makeSparse()
        try fixture.maintenance.start(.compaction)
        let wrong = Atomic<Int>(0)
        let workers = try (0..<2).map { _ in try #require(fixture.store.makeWorker()) }
        Threads.run(count: 2) { thread in
            var random = SplitMix64(seed: UInt64(thread))
            for step in 0..<20_000 {
                // Every fifth page is only read; those behind are written over and discarded.
                let page = UInt64.random(in: 0..<Self.pageCount / 5, using: &random) * 5
                let mine = page + 1 + UInt64(thread)
                let offset = page << 12
                let content = try? fixture.read(area, at: offset, count: 4096, by: workers[thread])
                if content != PageContent.compressible(page) { wrong.add(1, ordering: .relaxed) }
                if step % 3 == 0 {
                    _ = try? fixture.store.discard(
                        area, at: mine << 12, byteCount: 4096, by: workers[thread])
                } else {
                    _ = try? fixture.write(
                        PageContent.compressible(mine), to: area, at: mine << 12,
                        by: workers[thread])
                }
            }
        }
        fixture.maintenance.stop()
        for worker in workers { fixture.store.removeWorker(worker) }
        #expect(wrong.load(ordering: .relaxed) == 0)
        for pool in fixture.store.pools { pool.checkInvariants() }
    }

    @Test func whatCannotBeFreedIsNoReason() {
        var need = CompactionNeed()
        #expect(!need.isDue(freeable: 63, poolFrameCount: 100))
        #expect(need.isDue(freeable: 64, poolFrameCount: 100))
        #expect(!need.isDue(freeable: 780, poolFrameCount: 100_000))
        #expect(need.isDue(freeable: 781, poolFrameCount: 100_000))
        need.noteLeft(500)
        #expect(!need.isDue(freeable: 563, poolFrameCount: 100))
        #expect(need.isDue(freeable: 564, poolFrameCount: 100))
        let (first, second) = (need.hasChanged(10), need.hasChanged(10))
        #expect(first && !second)
        #expect(need.isDue(freeable: 74, poolFrameCount: 100), "only 10 of the 500 are left")
    }
}
