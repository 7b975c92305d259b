import TestSupport
import Testing
import ZswapCore

@testable import SwapStore

/// The counters of each area: its contents, and the operations on it.
@Suite struct AreaStatisticsTests {
    @Test(arguments: Zpools.names) func storedIsTheSumOfItsParts(zpool: String) throws {
        let fixture = try TestStore(zpool: zpool)
        let (area, other) = (try fixture.makeArea("a"), try fixture.makeArea("b"))
        for page in 0..<10 as Range<UInt64> {
            try fixture.write(PageContent.compressible(page), to: area, page: page)
        }
        for page in 10..<14 as Range<UInt64> {
            try fixture.write(PageContent.incompressible(page), to: area, page: page)
        }
        try fixture.write([UInt8](repeating: 7, count: 4096), to: area, page: 14)
        let held = area.statistics
        #expect(held.storedPageCount == 15 && held.sameFilledPageCount == 1)
        #expect(held.rawPageCount == 4 && held.compressedPageCount == 10)
        #expect(held.backedPageCount == 0)
        #expect(held.storedByteCount == area.storedByteCount)
        #expect(held.ratioPercent == 15 * 4096 * 100 / held.storedByteCount)
        #expect(other.statistics == AreaStatistics() && other.traffic == AreaTraffic())
        #expect(other.statistics.ratioPercent == 0)
        #expect(!area.isBalanced)

        try fixture.store.truncate(area, to: 0, by: fixture.worker)
        #expect(area.statistics == AreaStatistics())
        // History stays, and does not keep the area from going.
        #expect(area.isBalanced)
        let traffic = AreaTraffic(
            readPageCount: 0, writtenPageCount: 15, discardedPageCount: 15, refusedPageCount: 0)
        #expect(area.traffic == traffic)
        try fixture.store.unlinkArea(name: "a", by: fixture.worker)
        // Another area in the slot starts with nothing.
        let next = try fixture.makeArea("c")
        #expect(next.slot == area.slot)
        #expect(next.traffic == AreaTraffic() && next.statistics == AreaStatistics())
    }

    @Test func trafficCountsPages() throws {
        let fixture = try TestStore()
        let area = try fixture.makeArea()
        let worker = try #require(fixture.store.makeWorker())
        defer { fixture.store.removeWorker(worker) }
        // 1000 … 9000: parts of pages 0 and 2, all of page 1.
        try fixture.write([UInt8](repeating: 1, count: 8000), to: area, at: 1000)
        #expect(area.traffic.writtenPageCount == 3)
        _ = try fixture.read(area, at: 4095, count: 2, by: worker)
        #expect(area.traffic.readPageCount == 2)
        // A hole is read, too; what is beyond the end is not.
        try fixture.store.truncate(area, to: 20 * 4096, by: fixture.worker)
        _ = try fixture.read(area, at: 18 * 4096, count: 1 << 20)
        _ = try fixture.read(area, at: 20 * 4096, count: 4096)
        _ = try fixture.read(area, at: 0, count: 0)
        #expect(area.traffic.readPageCount == 4)
        // Clearing a part leaves a page; emptying holes empties nothing.
        try fixture.store.discard(area, at: 100, byteCount: 4096 + 100, by: worker)
        #expect(area.traffic.discardedPageCount == 0)
        try fixture.store.discard(area, at: 4096, byteCount: 4 << 20, by: worker)
        #expect(area.traffic.discardedPageCount == 2)
        #expect(fixture.store.statistics.discardedPages == 2)
    }

    @Test func aRefusedPageCountsInItsArea() throws {
        let fixture = try TestStore(totalByteCount: 6400 * 4096) { $0.maxPoolPercent = 1 }
        let (full, other) = (try fixture.makeArea("full"), try fixture.makeArea("other"))
        for page in 0..<64 as Range<UInt64> {
            try fixture.write(PageContent.incompressible(page), to: full, page: page)
        }
        for area in [full, other, full] {
            #expect(throws: StoreError.poolFull) {
                try fixture.write(PageContent.compressible(1), to: area, page: 70)
            }
        }
        // Two pages: refused with the first.
        #expect(throws: StoreError.poolFull) {
            try fixture.write([UInt8](1...255), to: other, at: 5 * 4096 - 100)
        }
        #expect(full.traffic.refusedPageCount == 2 && full.traffic.writtenPageCount == 64)
        #expect(other.traffic.refusedPageCount == 2 && other.traffic.writtenPageCount == 0)
        #expect(fixture.store.statistics.rejects == 4)
        // What parameters refuse is no reject, as in the store's own counters.
        fixture.store.update { $0.isEnabled = false }
        #expect(throws: StoreError.disabled) {
            try fixture.write(PageContent.compressible(1), to: other, page: 70)
        }
        #expect(other.traffic.refusedPageCount == 2)
    }
}
