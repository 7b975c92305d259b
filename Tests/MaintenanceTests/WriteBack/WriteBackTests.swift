import Backing
import Glibc
import TestSupport
import Testing
import ZswapCore

@testable import Maintenance
@testable import SwapStore

/// Cold pages leave for the backing store, can be read there, and come back when they are written.
@Suite struct WriteBackTests {
    @Test(arguments: Zpools.names) func everyPageLeavesAndIsRead(zpool: String) throws {
        let rig = try WriteBackRig(zpool: zpool)
        try rig.fill(0..<2000)
        let before = rig.pages
        try rig.writeBack(.all)
        #expect(rig.pages.storedPageCount == 2000)
        #expect(rig.pages.sameFilledPageCount == before.sameFilledPageCount, "words never leave")
        #expect(rig.pages.backedPageCount == 2000 - before.sameFilledPageCount)
        #expect(rig.pages.rawPageCount == 0 && rig.pages.storedByteCount == 0)
        #expect(rig.store.statistics.writtenBackPages == rig.pages.backedPageCount)
        #expect(rig.store.statistics.poolByteCount == 0, "memory was not freed")
        rig.expectBalance()
        // Twice: a page that is read stays where it is.
        for round in 1...2 {
            try rig.expect(0..<2000)
            #expect(rig.pages.backedPageCount == 2000 - before.sameFilledPageCount)
            #expect(rig.store.statistics.backingLoads == round * rig.pages.backedPageCount)
        }
        try rig.expectEmptyAfterDiscard()
    }

    @Test func pagesLeaveAsCompressed() throws {
        let rig = try WriteBackRig()
        try rig.fill(1..<4)
        let entries = (1..<4 as Range<UInt64>).map { rig.entry($0) }
        try rig.writeBack(.all)
        for (page, old) in zip(1..<4 as Range<UInt64>, entries) {
            let new = rig.entry(page)
            #expect(new.kind == .onBacking && new.byteCount == old.byteCount)
            #expect(new.checksum == old.checksum && new.compressor == old.compressor)
        }
        let live = try #require(rig.store.backings.first?.statistics.liveByteCount)
        #expect(Int(live) < entries.map(\.byteCount).reduce(0, +) + 3 * 32)
    }

    @Test(arguments: Zpools.names) func writtenPagesComeBack(zpool: String) throws {
        let rig = try WriteBackRig(zpool: zpool)
        try rig.fill(0..<100)
        try rig.writeBack(.all)
        // A whole page, a part of one, a part that is cleared, a discarded one, an area's end.
        try rig.fixture.write(PageContent.compressible(777), to: rig.area, page: 1)
        try rig.fixture.write([1, 2, 3], to: rig.area, at: 2 << 12 + 100)
        try rig.store.discard(rig.area, at: 3 << 12, byteCount: 9, by: rig.fixture.worker)
        try rig.store.discard(rig.area, at: 4 << 12, byteCount: 4096, by: rig.fixture.worker)
        try rig.store.truncate(rig.area, to: 99 << 12 + 1, by: rig.fixture.worker)
        #expect(try rig.fixture.read(rig.area, page: 1) == PageContent.compressible(777))
        var patched = WriteBackRig.content(2)
        patched.replaceSubrange(100..<103, with: [1, 2, 3])
        #expect(try rig.fixture.read(rig.area, page: 2) == patched)
        let cleared = [UInt8](repeating: 0, count: 9) + WriteBackRig.content(3).dropFirst(9)
        #expect(try rig.fixture.read(rig.area, page: 3) == cleared)
        #expect(try rig.fixture.read(rig.area, page: 4) == [UInt8](repeating: 0, count: 4096))
        #expect(try rig.fixture.read(rig.area, page: 99) == [WriteBackRig.content(99)[0]])
        #expect(rig.backed(0..<100).contains(50) && !rig.backed(0..<5).contains(2))
        rig.expectBalance()
        try rig.expectEmptyAfterDiscard()
    }

    @Test func idlePagesLeave() throws {
        let rig = try WriteBackRig()
        try rig.fill(0..<20)
        rig.store.clock.add(seconds: 100)
        try rig.fill(20..<40)
        rig.store.clock.add(seconds: 10)
        // Loading is using, too.
        try rig.expect(0..<3)
        try rig.writeBack(.idle(seconds: 111))
        #expect(rig.backed(0..<40).isEmpty)
        try rig.writeBack(.idle(seconds: 110))
        let old = (3..<20 as Range<UInt64>).filter { $0 % 8 != 5 }
        #expect(rig.backed(0..<40) == old)
        for _ in 0..<70 {
            rig.store.clock.add(seconds: LastUse.sweepSecondsMax - 1)
            rig.turn()
        }
        try rig.writeBack(.idle(seconds: 2 * 24 * 60 * 60))
        #expect(rig.backed(0..<40).count == 40 - 5)
        try rig.expect(0..<40)
    }

    @Test func incompressiblePagesLeave() throws {
        let rig = try WriteBackRig()
        try rig.fill(0..<40)
        try rig.writeBack(.huge)
        #expect(rig.backed(0..<40) == (0..<40 as Range<UInt64>).filter { $0 % 4 == 0 })
        #expect(rig.pages.rawPageCount == 0)
        try rig.expect(0..<40)
    }

    @Test func requestsAreRefusedWithTheirReason() throws {
        let rig = try WriteBackRig()
        func refusal() -> WriteBackRefusal? {
            do throws(WriteBackRefusal) {
                try rig.maintenance.startWriteBack(.all)
                return nil
            } catch {
                return error
            }
        }
        #expect(refusal() == .noBacking, "no thread writes yet")
        rig.turn()
        #expect(refusal() == nil)
        #expect(refusal() == .busy)
        rig.work()
        rig.store.update { $0.writeBackBlockCountPerDay = 0 }
        rig.turn()
        #expect(refusal() == .budgetSpent)
        rig.store.update { $0.writeBackBlockCountPerDay = nil }
        try rig.store.setBacking(path: nil)
        rig.turn()
        #expect(refusal() == .noBacking)
    }

    /// Pages that were loaded are in their reader's memory and go first; those that are loaded
    /// again and again stay; the others go by age.
    @Test func theColdestLeaveFirst() throws {
        let rig = try WriteBackRig()
        func fill(_ pages: Range<UInt64>) throws {
            for page in pages {
                try rig.fixture.write(PageContent.incompressible(page), to: rig.area, page: page)
            }
            rig.store.clock.add(seconds: 10)
        }
        try fill(0..<1000)
        try fill(1000..<2000)
        for page in 1500..<1600 as Range<UInt64> { _ = try rig.fixture.read(rig.area, page: page) }
        for _ in 0..<2 {
            for page in 0..<100 as Range<UInt64> {
                _ = try rig.fixture.read(rig.area, page: page)
            }
            rig.store.clock.add(seconds: 10)
        }
        var writeBack = try #require(rig.makeWriteBack())
        defer { rig.store.letGoOfBacking(writeBack.generation) }
        func evict(_ pageCount: Int) {
            var left = pageCount
            while left > 0 {
                left -= writeBack.evictColdest(neededByteCount: left * Page.byteCount).pageCount
            }
        }
        evict(400)
        #expect(rig.backed(1500..<1600).count == 100, "loaded once")
        #expect(rig.backed(100..<1000).count >= 300, "stored longest ago")
        #expect(rig.backed(0..<2000) == rig.backed(100..<1000) + rig.backed(1500..<1600))
        evict(700)
        #expect(rig.backed(100..<1000).count == 900)
        #expect(rig.backed(0..<100).isEmpty, "loaded again and again")
        evict(1500 - rig.pages.backedPageCount)
        #expect(rig.backed(0..<100).isEmpty)
    }
}

extension WriteBackRig {
    /// The write-back that the thread would make.
    func makeWriteBack() -> WriteBack? {
        guard let (log, number) = store.holdCurrentBacking(),
            let buffers = maintenance.writeBack.madeBuffers
        else { return nil }
        return WriteBack(
            to: log, generation: number, of: store, in: buffers, by: fixture.worker)
    }
}
