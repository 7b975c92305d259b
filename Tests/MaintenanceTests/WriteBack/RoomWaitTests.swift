import LinuxSystem
import PoolTesting
import Synchronization
import TestSupport
import Testing
import ZswapCore

@testable import Maintenance
@testable import SwapStore

/// A store that waits for room gets it, from any source.
@Suite struct RoomWaitTests {
    /// Room is made for an area at its own limit also after its name went.
    @Test func anUnlinkedAreaGetsRoomBelowItsLimit() throws {
        let rig = try WriteBackRig(runsThread: true)
        let (store, worker) = (rig.store, rig.fixture.worker)
        try store.updateSettings(ofAreaNamed: "area") { $0.byteCountMax = 100 * 4096 }
        store.open(rig.area)
        try store.unlinkArea(name: "area", by: worker)
        for page in 0..<1000 as Range<UInt64> {
            try rig.fixture.write(PageContent.incompressible(page), to: rig.area, page: page)
        }
        #expect(rig.pages.backedPageCount >= 900 && store.statistics.rejects == 0)
        for page in 0..<1000 as Range<UInt64> {
            #expect(
                try rig.fixture.read(rig.area, page: page) == PageContent.incompressible(page))
        }
        store.close(rig.area, by: worker)
        #expect(rig.pages == AreaStatistics())
    }

    /// A worker that may not wait stops at the first page without room, and another one does the
    /// rest: every page is stored and counted once.
    @Test func theRestIsLeftToAnotherWorker() throws {
        let rig = try WriteBackRig(limitByteCount: 2 << 20, runsThread: true)
        let (fixture, store) = (rig.fixture, rig.store)
        let eager = try #require(store.makeWorker())
        defer { store.removeWorker(eager) }
        eager.mayWaitForRoom = false
        let pageCount = 4096
        let bytes = (0..<pageCount).flatMap { PageContent.incompressible(UInt64($0)) }
        var offset = 0
        var postponedCount = 0
        while offset < bytes.count {
            let rest = bytes.span.bytes.extracting(offset...)
            do throws(StoreError) {
                offset += try store.write(rest, to: rig.area, at: UInt64(offset), by: eager)
            } catch .wouldWaitForRoom(let taken) {
                #expect(taken < rest.byteCount && taken.isMultiple(of: Page.byteCount))
                #expect(rig.area.size >= UInt64(offset + taken))
                offset += taken
                postponedCount += 1
                let next = bytes.span.bytes.extracting(offset..<offset + Page.byteCount)
                offset += try store.write(
                    next, to: rig.area, at: UInt64(offset), by: fixture.worker)
            }
        }
        #expect(postponedCount > 0, "there was always room")
        #expect(store.statistics.rejects == 0)
        #expect(store.statistics.pages.storedPageCount == pageCount)
        #expect(try fixture.read(rig.area, at: 0, count: bytes.count) == bytes)
    }

    /// Without a backing store there is nothing to wait for.
    @Test func whatCanNotBecomeRoomIsRefusedAtOnce() throws {
        let fixture = try TestStore(
            capacityByteCount: 32 << 20, totalByteCount: 1 << 20,
            tunables: { $0.maxPoolPercent = 100 })
        let area = try fixture.makeArea()
        fixture.worker.mayWaitForRoom = false
        #expect(throws: StoreError.poolFull) {
            for page in 0..<1000 as Range<UInt64> {
                try fixture.write(PageContent.incompressible(page), to: area, page: page)
            }
        }
        #expect(fixture.store.statistics.poolLimitHits == 1)
    }

    /// A higher limit is room too, for stores that wait already.
    @Test func aRaisedLimitEndsTheWait() throws {
        let rig = try WriteBackRig(limitByteCount: 2 << 20) { $0.maxPoolPercent = 50 }
        rig.turn()
        for page in 0..<256 as Range<UInt64> {
            try rig.fixture.write(PageContent.incompressible(page), to: rig.area, page: page)
        }
        // A write-back thread seems to run, and never writes.
        let (fixture, area) = (rig.fixture, rig.area)
        fixture.store.roomRequests.isServed = true
        let refusal = Mutex<(any Error)?>(nil)
        Threads.run(count: 2) { number in
            if number == 0 {
                do {
                    try fixture.write(PageContent.incompressible(256), to: area, page: 256)
                } catch {
                    refusal.withLock { $0 = error }
                }
            } else {
                _ = Patience.wait(milliseconds: 20_000) {
                    fixture.store.statistics.poolLimitHits > 0
                }
                fixture.store.update { $0.maxPoolPercent = 100 }
            }
        }
        fixture.store.roomRequests.isServed = false
        #expect(refusal.withLock { $0 } == nil)
        #expect(try rig.fixture.read(rig.area, page: 256) == PageContent.incompressible(256))
    }
}
