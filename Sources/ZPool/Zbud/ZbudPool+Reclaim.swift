import Arena
import Synchronization
import Threads
import ZswapCore

/// Freeing whole frames by evicting the objects of the frame that was allocated into longest ago.
///
///     lru tail -> out of all lists, marked -> evict first, evict last (unlocked)
///                   both gone: the frame is free          else: back to the lru head, next round
///
/// Law: from the mark on nothing is allocated into the frame, and frees in it only clear their
/// buddy, so the handles stay what they were while the user looks at them.
extension ZbudPool {
    /// A frame out of all lists, with what is in it.
    private struct Victim {
        var run: RunNumber
        var first: (handle: PoolHandle, owner: ObjectOwner?)?
        var last: (handle: PoolHandle, owner: ObjectOwner?)?
    }

    func shrink(pageCount: Int) -> ShrinkResult {
        guard pageCount > 0, let user else {
            return ShrinkResult(reclaimedPageCount: 0, error: .invalidArgument)
        }
        return FrameReclaim.shrink(pageCount: pageCount) { reclaimRound(user) }
    }

    private func reclaimRound(_ user: any PoolUser) -> FrameReclaim.Round {
        guard let victim = lists.withLock({ takeVictim(&$0) }) else { return .nothingToTry }
        // An object that stays keeps the frame, so the other one is left alone.
        if evict(victim.first, user) { _ = evict(victim.last, user) }
        let isFreed = lists.withLock { putBack(victim.run, &$0) }
        guard isFreed else { return .stays }
        giveBackFrame(victim.run)
        return .freed(frameCount: 1)
    }

    private func takeVictim(_ lists: inout ZbudLists) -> Victim? {
        guard let run = lists.lru.last else { return nil }
        let frame = ZbudFrame(run, in: map)
        invariant(!frame.isUnderReclaim)
        lists.removeLru(run, map)
        lists.unfile(run, frame, map)
        frame.isUnderReclaim = true
        var victim = Victim(run: run)
        if frame.firstChunkCount != 0 {
            victim.first = (ZbudHandle.first(of: run).packed, owner(of: .first, frame))
        }
        if frame.lastChunkCount != 0 {
            let handle = ZbudHandle.last(of: run, chunkCount: frame.lastChunkCount)
            victim.last = (handle.packed, owner(of: .last, frame))
        }
        return victim
    }

    /// True when there is nothing, or nothing any more. An object without an owner can't be
    /// evicted.
    private func evict(
        _ object: (handle: PoolHandle, owner: ObjectOwner?)?, _ user: any PoolUser
    ) -> Bool {
        guard let object else { return true }
        guard let owner = object.owner else { return false }
        return user.evict(object.handle, owner: owner)
    }

    /// Takes the mark off. True when the frame is empty: then it is the caller's.
    private func putBack(_ run: RunNumber, _ lists: inout ZbudLists) -> Bool {
        let frame = ZbudFrame(run, in: map)
        invariant(frame.isUnderReclaim)
        frame.isUnderReclaim = false
        guard !frame.isEmpty else {
            frame.poolNumber = 0
            return true
        }
        lists.file(run, frame, map)
        lists.pushLru(run, map)
        return false
    }
}
