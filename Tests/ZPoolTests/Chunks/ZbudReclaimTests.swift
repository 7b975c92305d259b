import Arena
import PoolTesting
import TestSupport
import Testing
import ZPool
import ZswapCore

/// Eviction by zbud: the objects, their order, and the end of the attempts.
@Suite struct ZbudReclaimTests {
    private func makeRig(pages: Int) throws -> PoolRig {
        let rig = try PoolRig(ZbudDriver())
        // Alone in its frame each: no two of 2000 bytes share one.
        for page in 0..<pages { try rig.store(page, byteCount: 2000, seed: UInt64(page)) }
        return rig
    }

    private func evictedPages(_ rig: PoolRig) -> [UInt64] {
        rig.table.takeEvicted().map(\.owner.page.rawValue)
    }

    @Test func theFrameAllocatedIntoLongestAgoGoesFirst() throws {
        let rig = try makeRig(pages: 4)
        // The small object joins the frame filed last, which is page 3's; a free does not refresh.
        try rig.store(10, byteCount: 100, seed: 10)
        try rig.discard(10)
        #expect(rig.pool.shrink(pageCount: 2) == ShrinkResult(reclaimedPageCount: 2, error: nil))
        #expect(evictedPages(rig) == [0, 1])
        #expect(rig.pool.totalByteCount == 2 * 4096)
        rig.pool.checkInvariants()
    }

    @Test func allocatingIntoAFrameRefreshesIt() throws {
        let rig = try makeRig(pages: 2)
        try rig.store(2, byteCount: 1000, seed: 2)
        try rig.store(3, byteCount: 1000, seed: 3)
        // Pages 2 and 3 went beside 1 and 0, in this order: the frame of 1 and 2 is the oldest now.
        #expect(rig.pool.shrink(pageCount: 1).reclaimedPageCount == 1)
        #expect(evictedPages(rig) == [1, 2])
        #expect(rig.pool.shrink(pageCount: 1).reclaimedPageCount == 1)
        #expect(evictedPages(rig) == [0, 3])
    }

    @Test func aRefusedFirstLeavesTheLastAlone() throws {
        let rig = try makeRig(pages: 1)
        try rig.store(1, byteCount: 1000, seed: 1)
        rig.table.keepOnEvict { $0.page.rawValue == 0 }
        let result = rig.pool.shrink(pageCount: 1)
        #expect(result == ShrinkResult(reclaimedPageCount: 0, error: .tryAgain))
        #expect(evictedPages(rig) == Array(repeating: 0, count: 8))
        try rig.verify(0)
        try rig.verify(1)
        rig.pool.checkInvariants()
    }

    @Test func aRefusedLastKeepsTheFrameButNotTheFirst() throws {
        let rig = try makeRig(pages: 1)
        try rig.store(1, byteCount: 1000, seed: 1)
        rig.table.keepOnEvict { $0.page.rawValue == 1 }
        #expect(rig.pool.shrink(pageCount: 1).error == .tryAgain)
        #expect(rig.table[PoolRig.owner(0)] == nil)
        try rig.verify(1)
        rig.pool.checkInvariants()
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
        let withoutUser = try registry.makeZpool(type: "zbud", in: rig.arena)
        _ = try withoutUser.malloc(100)
        #expect(withoutUser.shrink(pageCount: 1) == refused)
        withoutUser.destroy()
        // Asked for more than there is: what there was is reclaimed, and then the pool is empty.
        #expect(
            rig.pool.shrink(pageCount: 3)
                == ShrinkResult(reclaimedPageCount: 2, error: .invalidArgument))
        #expect(rig.pool.shrink(pageCount: 1) == refused)
    }

    @Test func anObjectWithoutAnOwnerStays() throws {
        let rig = try PoolRig(ZbudDriver())
        let handle = try rig.mallocFilled(500, seed: 1)
        #expect(rig.pool.shrink(pageCount: 1).error == .tryAgain)
        try rig.free(.init(handle: handle, byteCount: 500, seed: 1))
        #expect(rig.pool.totalByteCount == 0)
    }

    /// While the user is asked about the first object, the last one is dropped: its free meets a
    /// frame under reclaim. The user is asked about it all the same, and finds it gone.
    @Test func aFreeMeetsAFrameUnderReclaim() throws {
        let (pool, user, first, last) = try makeScriptedPair()
        user.script { handle, owner in
            if owner == PoolRig.owner(0) {
                pool.free(last)
                pool.free(first)
            }
            return handle == first || handle == last
        }
        #expect(pool.shrink(pageCount: 1) == ShrinkResult(reclaimedPageCount: 1, error: nil))
        #expect(pool.totalByteCount == 0)
        user.script(nil)
    }

    /// The user says gone because another thread is about to free the object. Until then the frame
    /// stays, and afterwards it is like any other.
    @Test func aFreeComesAfterTheReclaim() throws {
        let (pool, user, first, last) = try makeScriptedPair()
        user.script { _, _ in true }
        #expect(pool.shrink(pageCount: 1) == ShrinkResult(reclaimedPageCount: 0, error: .tryAgain))
        pool.checkInvariants()
        pool.free(first)
        pool.checkInvariants()
        pool.free(last)
        #expect(pool.totalByteCount == 0)
        user.script(nil)
    }

    private func makeScriptedPair() throws -> (Zpool, ScriptedUser, PoolHandle, PoolHandle) {
        let arena = try Arena(PoolRig.smallArena)
        let user = ScriptedUser()
        let pool = try ZpoolRegistry.standard().makeZpool(type: "zbud", in: arena, user: user)
        let first = try pool.malloc(2000)
        let last = try pool.malloc(1000)
        pool.setOwner(PoolRig.owner(0), of: first)
        pool.setOwner(PoolRig.owner(1), of: last)
        #expect(pool.totalByteCount == 4096)
        return (pool, user, first, last)
    }
}
