import Arena
import PoolTesting
import TestSupport
import Testing
import ZPool
import ZswapCore

/// Operations of other threads on a zspage while its objects are evicted. The user does them, from
/// within `evict`.
@Suite struct ZsmallocReclaimRaceTests {
    private let pool: Zpool
    private let user = ScriptedUser()
    /// Two objects that share a frame, owned by pages 0 and 1.
    private let first: PoolHandle
    private let second: PoolHandle
    private let reclaimed = ShrinkResult(reclaimedPageCount: 1, error: nil)

    init() throws {
        let arena = try Arena(PoolRig.smallArena)
        pool = try ZpoolRegistry.standard().makeZpool(type: "zsmalloc", in: arena, user: user)
        first = try pool.malloc(2000)
        second = try pool.malloc(2000)
        pool.setOwner(PoolRig.owner(0), of: first)
        pool.setOwner(PoolRig.owner(1), of: second)
    }

    @Test func aFreeMeetsAZspageUnderReclaim() {
        user.script { [pool, first, second] handle, owner in
            #expect(handle == first && owner == PoolRig.owner(0))
            pool.free(second)
            pool.free(first)
            return true
        }
        #expect(pool.shrink(pageCount: 1) == reclaimed)
        #expect(pool.totalByteCount == 0)
        user.script(nil)
    }

    /// The user says gone because another thread is about to free the object. Until then the
    /// zspage stays, and afterwards it is like any other.
    @Test func aFreeComesAfterTheReclaim() throws {
        user.script { _, _ in true }
        #expect(pool.shrink(pageCount: 1) == ShrinkResult(reclaimedPageCount: 0, error: .tryAgain))
        pool.checkInvariants()
        pool.free(first)
        pool.checkInvariants()
        // Its room is free again, too.
        let third = try pool.malloc(2000)
        #expect(pool.totalByteCount == 4096)
        pool.free(third)
        pool.free(second)
        #expect(pool.totalByteCount == 0)
        user.script(nil)
    }

    @Test func nothingIsAllocatedIntoAZspageUnderReclaim() throws {
        user.script { [pool] handle, owner in
            // Its first slot is free before the second is asked for.
            guard owner == PoolRig.owner(1) else {
                pool.free(handle)
                return true
            }
            let other = try? pool.malloc(2000)
            let places = [handle, other].map { $0.map { pool.offset(of: $0).rawValue / 4096 } }
            #expect(places[0] != places[1])
            #expect(pool.totalByteCount == 2 * 4096)
            // It does not count, for as long as that takes.
            #expect(pool.usage.frameCount == 1)
            #expect(pool.usage.objectCount == 1)
            pool.free(handle)
            return true
        }
        #expect(pool.shrink(pageCount: 1) == reclaimed)
        #expect(pool.totalByteCount == 4096)
        pool.checkInvariants()
        user.script(nil)
    }

    @Test func compactionPassesAZspageUnderReclaimBy() throws {
        let others = try (0..<4).map { _ in try pool.malloc(2000) }
        for (index, handle) in others.enumerated() {
            pool.setOwner(PoolRig.owner(index + 2), of: handle)
        }
        for handle in [second, others[1], others[3]] { pool.free(handle) }
        #expect(pool.freeablePageCount == 1)
        user.script { [pool] handle, _ in
            // Of the three half full ones two are left, and their objects refuse to move.
            #expect(pool.freeablePageCount == 1)
            #expect(pool.compact() == 0)
            pool.free(handle)
            return true
        }
        #expect(pool.shrink(pageCount: 1) == reclaimed)
        #expect(pool.totalByteCount == 2 * 4096)
        pool.checkInvariants()
        user.script(nil)
    }

    @Test func aSecondShrinkerTakesAnotherZspage() throws {
        let third = try pool.malloc(2000)
        pool.setOwner(PoolRig.owner(2), of: third)
        user.script { [pool, reclaimed] handle, owner in
            if owner == PoolRig.owner(0) { #expect(pool.shrink(pageCount: 1) == reclaimed) }
            // Nothing is left for a third one.
            let refused = ShrinkResult(reclaimedPageCount: 0, error: .invalidArgument)
            if owner == PoolRig.owner(2) { #expect(pool.shrink(pageCount: 1) == refused) }
            pool.free(handle)
            return true
        }
        #expect(pool.shrink(pageCount: 1) == reclaimed)
        #expect(pool.totalByteCount == 0)
        pool.checkInvariants()
        user.script(nil)
    }
}
