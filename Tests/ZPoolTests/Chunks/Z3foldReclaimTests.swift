import Arena
import PoolTesting
import Synchronization
import TestSupport
import Testing
import ZPool
import ZswapCore

/// Eviction by z3fold: the objects, their order, and the end of the attempts.
@Suite struct Z3foldReclaimTests {
    /// Alone in its frame each: no two of 2000 bytes share one.
    private func makeRig(pages: Int) throws -> PoolRig {
        let rig = try PoolRig(Z3foldDriver())
        for page in 0..<pages { try rig.store(page, byteCount: 2000, seed: UInt64(page)) }
        return rig
    }

    /// A frame with page 0 first, 1 last and 2 in the middle.
    private func makeFullFrame() throws -> PoolRig {
        let rig = try PoolRig(Z3foldDriver())
        for page in 0..<3 { try rig.store(page, byteCount: 1300, seed: UInt64(page)) }
        try require(rig.pool.totalByteCount == 4096, "one frame")
        return rig
    }

    private func evictedPages(_ rig: PoolRig) -> [UInt64] {
        rig.table.takeEvicted().map(\.owner.page.rawValue)
    }

    @Test func theMiddleGoesThenTheFirstThenTheLast() throws {
        let rig = try makeFullFrame()
        #expect(rig.pool.shrink(pageCount: 1) == ShrinkResult(reclaimedPageCount: 1, error: nil))
        #expect(evictedPages(rig) == [2, 0, 1])
        #expect(rig.pool.totalByteCount == 0)
    }

    /// Objects before a refused one are gone, those after it are left alone.
    @Test(arguments: [(2, [2]), (0, [2, 0]), (1, [2, 0, 1])] as [(UInt64, [UInt64])])
    func aRefusalLeavesTheRestAlone(refused: UInt64, tried: [UInt64]) throws {
        let rig = try makeFullFrame()
        rig.table.keepOnEvict { $0.page.rawValue == refused }
        #expect(rig.pool.shrink(pageCount: 1).error == .tryAgain)
        // Seven more rounds meet the refusing one first: the others before it are gone.
        #expect(evictedPages(rig) == tried + Array(repeating: refused, count: 7))
        rig.pool.checkInvariants()
        for page in 0..<3 as Range<UInt64> {
            let isLeft = page == refused || !tried.contains(page)
            #expect((rig.table[PoolRig.owner(Int(page))] != nil) == isLeft, "page \(page)")
            if isLeft { try rig.verify(Int(page)) }
        }
    }

    @Test func theFrameAllocatedIntoLongestAgoGoesFirst() throws {
        let rig = try makeRig(pages: 4)
        // The small object joins the frame filed last, which is page 3's; a free does not refresh.
        try rig.store(10, byteCount: 100, seed: 10)
        try rig.discard(10)
        #expect(rig.pool.shrink(pageCount: 2) == ShrinkResult(reclaimedPageCount: 2, error: nil))
        #expect(evictedPages(rig) == [0, 1])
        // Pages 2 and 3 are left. Pages 11 and 12 join 3 and 2, in this order.
        try rig.store(11, byteCount: 1000, seed: 11)
        try rig.store(12, byteCount: 1000, seed: 12)
        #expect(rig.pool.shrink(pageCount: 1).reclaimedPageCount == 1)
        #expect(evictedPages(rig) == [3, 11])
        rig.pool.checkInvariants()
    }

    @Test func aHeadlessFrameIsOneObject() throws {
        let rig = try makeRig(pages: 1)
        try rig.store(1, byteCount: 4096, seed: 1)
        try rig.store(2, byteCount: 2000, seed: 2)
        #expect(rig.pool.shrink(pageCount: 2) == ShrinkResult(reclaimedPageCount: 2, error: nil))
        #expect(evictedPages(rig) == [0, 1])
        try rig.store(3, byteCount: 4000, seed: 3)
        rig.table.keepOnEvict { $0.page.rawValue == 3 }
        #expect(rig.pool.shrink(pageCount: 2).reclaimedPageCount == 1)
        #expect(rig.pool.totalByteCount == 4096)
        try rig.verify(3)
        rig.pool.checkInvariants()
        try rig.discard(3)
        #expect(rig.pool.totalByteCount == 0)
    }

    @Test func eightRoundsAndThenTryAgain() throws {
        let rig = try makeRig(pages: 20)
        rig.table.keepOnEvict { $0.page.rawValue >= 3 }
        let result = rig.pool.shrink(pageCount: 10)
        #expect(result == ShrinkResult(reclaimedPageCount: 3, error: .tryAgain))
        #expect(evictedPages(rig) == Array(0...10))
        // Frames that were tried went to the head: the next call goes on where this one stopped.
        _ = rig.pool.shrink(pageCount: 1)
        #expect(evictedPages(rig) == Array(11...18))
        rig.pool.checkInvariants()
    }

    @Test func nothingToShrinkIsInvalid() throws {
        let rig = try makeRig(pages: 2)
        let refused = ShrinkResult(reclaimedPageCount: 0, error: .invalidArgument)
        #expect(rig.pool.shrink(pageCount: 0) == refused)
        let registry = ZpoolRegistry.standard()
        let withoutUser = try registry.makeZpool(type: "z3fold", in: rig.arena)
        _ = try withoutUser.malloc(100)
        #expect(withoutUser.shrink(pageCount: 1) == refused)
        withoutUser.destroy()
        // Asked for more than there is: what there was is reclaimed, and then the pool is empty.
        #expect(
            rig.pool.shrink(pageCount: 3)
                == ShrinkResult(reclaimedPageCount: 2, error: .invalidArgument))
        #expect(rig.pool.shrink(pageCount: 1) == refused)
    }

    @Test(arguments: [500, 4096]) func anObjectWithoutAnOwnerStays(byteCount: Int) throws {
        let rig = try PoolRig(Z3foldDriver())
        let handle = try rig.mallocFilled(byteCount, seed: 1)
        #expect(rig.pool.shrink(pageCount: 1).error == .tryAgain)
        try rig.free(.init(handle: handle, byteCount: byteCount, seed: 1))
        #expect(rig.pool.totalByteCount == 0)
    }

    /// While the user is asked about the middle, all three are freed: those frees meet a frame
    /// under reclaim. A compaction meanwhile leaves the frame alone.
    @Test func aFreeMeetsAFrameUnderReclaim() throws {
        let (pool, user, handles) = try makeScripted(byteCounts: [1300, 1300, 1300])
        user.script { _, owner in
            if owner == PoolRig.owner(2) {
                _ = pool.compact()
                for handle in handles { pool.free(handle) }
            }
            return true
        }
        #expect(pool.shrink(pageCount: 1) == ShrinkResult(reclaimedPageCount: 1, error: nil))
        #expect(pool.totalByteCount == 0)
        user.script(nil)
    }

    /// The user says gone because another thread is about to free the objects. Until then the
    /// frame stays, and afterwards it is like any other.
    @Test(arguments: [[1300, 1300, 1300], [4096]]) func aFreeComesAfterTheReclaim(
        byteCounts: [Int]
    ) throws {
        let (pool, user, handles) = try makeScripted(byteCounts: byteCounts)
        user.script { _, _ in true }
        #expect(pool.shrink(pageCount: 1) == ShrinkResult(reclaimedPageCount: 0, error: .tryAgain))
        for handle in handles {
            pool.checkInvariants()
            pool.free(handle)
        }
        #expect(pool.totalByteCount == 0)
        user.script(nil)
    }

    private func makeScripted(
        byteCounts: [Int]
    ) throws -> (Zpool, ScriptedUser, [PoolHandle]) {
        let arena = try Arena(PoolRig.smallArena)
        let user = ScriptedUser()
        let pool = try ZpoolRegistry.standard().makeZpool(type: "z3fold", in: arena, user: user)
        let handles = try byteCounts.map { try pool.malloc($0) }
        for (index, handle) in handles.enumerated() {
            pool.setOwner(PoolRig.owner(index), of: handle)
        }
        #expect(pool.totalByteCount == 4096)
        return (pool, user, handles)
    }
}
