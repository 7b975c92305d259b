import Arena
import Threads
import ZswapCore

/// Freeing whole frames by evicting the objects of the frame that was allocated into longest ago.
///
///     lru tail -> out of all lists, marked -> evict the places in order (unlocked)
///                   all gone: the frame is free           else: back to the lru head, next round
///
/// Law: from the mark on nothing is allocated into the frame and nothing in it moves, and frees in
/// it only clear their place, so the handles stay what they were while the user looks at them.
/// Price: nothing before the user asks for it. From `keepLRU(true)` or the first `shrink` on, an
/// allocation also moves its frame to the head of a list.
extension ChunkPool {
    /// Switches in steps, so that the lock is held for a few frames at a time.
    func keepLRU(_ isKept: Bool) {
        var isReached = false
        while !isReached {
            isReached = core.lists.withLock {
                $0.step(towardsKeepingLRU: isKept, core.map)
            }
        }
    }

    func shrink(pageCount: Int) -> ShrinkResult {
        guard pageCount > 0, let user = core.user else {
            return ShrinkResult(reclaimedPageCount: 0, error: .invalidArgument)
        }
        // What stays has to be tried last the next time.
        keepLRU(true)
        return FrameReclaim.shrink(pageCount: pageCount) { reclaimRound(user) }
    }

    private func reclaimRound(_ user: any PoolUser) -> FrameReclaim.Round {
        guard let victim = core.lists.withLock({ takeVictim(&$0) }) else { return .nothingToTry }
        deepInvariant(
            Frame(victim.run, in: core.map).isUnderReclaim, "objects may move while evicted")
        for index in victim.handles.indices {
            guard let handle = victim.handles[index] else { continue }
            // An object that stays keeps the frame, so the others are left alone. One without an
            // owner is not published and can't be evicted.
            guard let owner = owner(of: handle), user.evict(handle, owner: owner) else { break }
        }
        let isFreed = core.lists.withLock { putBack(victim.run, &$0) }
        guard isFreed else { return .stays }
        deepInvariant(
            Frame(victim.run, in: core.map).isEmpty, "a frame is given back with an object in it")
        giveBackFrame(victim.run)
        return .freed(frameCount: 1)
    }

    private func takeVictim(_ lists: inout Lists) -> FrameVictim? {
        guard let run = lists.oldest(core.map) else { return nil }
        let frame = Frame(run, in: core.map)
        invariant(!frame.isUnderReclaim, "a frame under reclaim is in a list")
        invariant(frame.poolNumber == core.number, "a list has a frame of another pool")
        deepInvariant(!frame.isEmpty, "an empty frame was kept")
        lists.unfile(run, frame, core.map)
        lists.leaveLRU(run, frame, core.map)
        frame.isUnderReclaim = true
        var victim = FrameVictim(run: run)
        let order = Frame.evictionOrder
        for index in order.indices {
            guard let place = order[index], frame.chunkCount(place) != 0 else { continue }
            let start = frame.startChunk(place)
            victim.handles[index] = Handle(run: run, place: place, startChunk: start).packed
        }
        return victim
    }

    /// Takes the mark off. True when the frame is empty: then it is the caller's.
    private func putBack(_ run: RunNumber, _ lists: inout Lists) -> Bool {
        let frame = Frame(run, in: core.map)
        invariant(frame.isUnderReclaim, "two threads reclaim a frame")
        invariant(frame.poolNumber == core.number, "a frame was given back under reclaim")
        frame.isUnderReclaim = false
        guard !frame.isEmpty else {
            frame.close()
            return true
        }
        lists.file(run, frame, core.map, isYoungest: true)
        return false
    }
}

/// A frame out of all lists, with what was in it when it was taken out.
private struct FrameVictim {
    var run: RunNumber
    /// In the order in which they are evicted.
    var handles = InlineArray<4, PoolHandle?>(repeating: nil)
}
