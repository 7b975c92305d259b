import Arena
import PoolTesting
import TestSupport
import Testing
import ZPool
import ZswapCore

/// Eviction by zsmalloc: the zspages, their order, and the end of the attempts.
@Suite struct ZsmallocReclaimTests {
    private func makeRig() throws -> PoolRig { try PoolRig(ZsmallocDriver()) }

    /// Class 2048: two objects a zspage of one frame, so pages 0 and 1 share one, and so on.
    private func makeRig(pairs: Int) throws -> PoolRig {
        let rig = try makeRig()
        for page in 0..<2 * pairs { try rig.store(page, byteCount: 2000, seed: UInt64(page)) }
        return rig
    }

    /// Frees one zspage of one frame, and returns the pages that were asked for.
    private func shrinkByOne(_ rig: PoolRig) -> [UInt64] {
        #expect(rig.pool.shrink(pageCount: 1) == ShrinkResult(reclaimedPageCount: 1, error: nil))
        rig.pool.checkInvariants()
        return evictedPages(rig)
    }

    private func evictedPages(_ rig: PoolRig) -> [UInt64] {
        rig.table.takeEvicted().map(\.owner.page.rawValue)
    }

    @Test func theZspageAllocatedIntoLongestAgoGoesFirst() throws {
        let rig = try makeRig(pairs: 4)
        // A free does not refresh.
        try rig.discard(1)
        #expect(shrinkByOne(rig) == [0])
        // An allocation does: page 10 gets the former slot of page 2.
        try rig.discard(2)
        try rig.store(10, byteCount: 2000, seed: 10)
        #expect(shrinkByOne(rig) == [4, 5])
        #expect(shrinkByOne(rig) == [6, 7])
        #expect(shrinkByOne(rig) == [10, 3])
        #expect(rig.pool.totalByteCount == 0)
    }

    @Test func classesAreComparedByTheirOldest() throws {
        let rig = try makeRig()
        // Four classes, one of them huge, all with zspages of one frame.
        for (page, byteCount) in [2000, 4096, 1000, 500].enumerated() {
            try rig.store(page, byteCount: byteCount, seed: UInt64(page))
        }
        // Page 4 joins page 0, which makes that zspage as young as page 3's.
        try rig.store(4, byteCount: 2000, seed: 4)
        #expect(shrinkByOne(rig) == [1])
        #expect(shrinkByOne(rig) == [2])
        // Of two equally old ones the larger class goes first: fewer objects for its frames.
        #expect(shrinkByOne(rig) == [0, 4])
        #expect(shrinkByOne(rig) == [3])
    }

    @Test func hugeZspagesAreInOrderOfAge() throws {
        let rig = try makeRig()
        for page in 0..<4 { try rig.store(page, byteCount: 4096, seed: UInt64(page)) }
        try rig.store(1, byteCount: 4000, seed: 11)
        #expect([0, 2, 3, 1].allSatisfy { shrinkByOne(rig) == [$0] })
        #expect(rig.pool.totalByteCount == 0)
    }

    /// Class 3632: nine objects in eight frames.
    @Test func aZspageGoesWithAllItsFrames() throws {
        let rig = try makeRig()
        for page in 0..<18 { try rig.store(page, byteCount: 3624, seed: UInt64(page)) }
        #expect(rig.pool.shrink(pageCount: 1) == ShrinkResult(reclaimedPageCount: 8, error: nil))
        #expect(evictedPages(rig) == Array(0..<9))
        #expect(rig.pool.totalByteCount == 8 * 4096)
        #expect(rig.pool.usage.objectCount == 9)
        #expect(rig.pool.shrink(pageCount: 9).error == .invalidArgument)
        #expect(rig.pool.totalByteCount == 0)
    }

    @Test func aRefusedObjectLeavesTheNextOnesAlone() throws {
        let rig = try makeRig()
        for page in 0..<9 { try rig.store(page, byteCount: 3624, seed: UInt64(page)) }
        rig.table.keepOnEvict { $0.page.rawValue == 3 }
        let result = rig.pool.shrink(pageCount: 1)
        #expect(result == ShrinkResult(reclaimedPageCount: 0, error: .tryAgain))
        #expect(evictedPages(rig) == [0, 1, 2] + Array(repeating: 3, count: 8))
        for page in 0..<3 { #expect(rig.table[PoolRig.owner(page)] == nil) }
        for page in 3..<9 { try rig.verify(page) }
        rig.pool.checkInvariants()
        // The three slots are allocated again, without a frame more.
        for page in 0..<3 { try rig.store(page, byteCount: 3624, seed: 5) }
        #expect(rig.pool.totalByteCount == 8 * 4096)
    }

    @Test func eightRoundsAndThenTryAgain() throws {
        let rig = try makeRig(pairs: 20)
        rig.table.keepOnEvict { $0.page.rawValue >= 6 }
        let result = rig.pool.shrink(pageCount: 10)
        #expect(result == ShrinkResult(reclaimedPageCount: 3, error: .tryAgain))
        #expect(evictedPages(rig) == [0, 1, 2, 3, 4, 5] + (3...10).map { 2 * $0 })
        // Zspages that were tried went to the head: the next call goes on where this one stopped.
        _ = rig.pool.shrink(pageCount: 1)
        #expect(evictedPages(rig) == (11...18).map { 2 * $0 })
        rig.pool.checkInvariants()
    }

    /// A class whose oldest zspage stays does not keep the other classes from their turn.
    @Test func aZspageThatStaysIsTheYoungestOfAllClasses() throws {
        let rig = try makeRig()
        try rig.store(0, byteCount: 2000, seed: 0)
        try rig.store(1, byteCount: 1000, seed: 1)
        rig.table.keepOnEvict { $0.page.rawValue == 0 }
        #expect(shrinkByOne(rig) == [0, 1])
        #expect(rig.pool.shrink(pageCount: 1).error == .tryAgain)
        #expect(evictedPages(rig) == Array(repeating: 0, count: 8))
        try rig.verify(0)
    }

    @Test func nothingToShrinkIsInvalid() throws {
        let rig = try makeRig(pairs: 2)
        let refused = ShrinkResult(reclaimedPageCount: 0, error: .invalidArgument)
        #expect(rig.pool.shrink(pageCount: 0) == refused)
        #expect(evictedPages(rig).isEmpty)
        // Asked for more than there is: what there was is reclaimed, and then the pool is empty.
        #expect(
            rig.pool.shrink(pageCount: 3)
                == ShrinkResult(reclaimedPageCount: 2, error: .invalidArgument))
        #expect(rig.pool.shrink(pageCount: 1) == refused)
    }

    @Test(arguments: [500, 4096]) func anObjectWithoutAnOwnerStays(byteCount: Int) throws {
        let rig = try makeRig()
        let handle = try rig.mallocFilled(byteCount, seed: 1)
        #expect(rig.pool.shrink(pageCount: 1).error == .tryAgain)
        #expect(evictedPages(rig).isEmpty)
        rig.pool.checkInvariants()
        try rig.free(.init(handle: handle, byteCount: byteCount, seed: 1))
        #expect(rig.pool.totalByteCount == 0)
    }

    /// Objects that move in are no younger than before.
    @Test func compactionMakesNothingYounger() throws {
        let rig = try makeRig(pairs: 3)
        try rig.discard(1)
        try rig.discard(3)
        #expect(rig.pool.compact() == 1)
        #expect(shrinkByOne(rig) == [2, 0])
        #expect(shrinkByOne(rig) == [4, 5])
    }

    @Test func adoptionGoesByTheOrderItComesIn() throws {
        let rig = try makeRig()
        for page in (0..<8).reversed() { try rig.store(page, byteCount: 2000, seed: UInt64(page)) }
        // The rig adopts from page 0 on: the zspage that was youngest is the oldest now.
        try rig.reopen()
        rig.pool.checkInvariants()
        #expect(shrinkByOne(rig) == [1, 0])
        try rig.store(9, byteCount: 2000, seed: 9)
        #expect(shrinkByOne(rig) == [3, 2])
        #expect(shrinkByOne(rig) == [5, 4])
        #expect(shrinkByOne(rig) == [7, 6])
        #expect(shrinkByOne(rig) == [9])
    }
}
