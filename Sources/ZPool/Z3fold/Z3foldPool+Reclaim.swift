import Arena
import Synchronization
import Threads
import ZswapCore

/// Freeing whole frames by evicting the objects of the frame that was allocated into longest ago.
///
///     lru tail -> out of all lists, marked -> evict middle, first, last (unlocked)
///                   all gone: the frame is free           else: back to the lru head, next round
///
/// Law: from the mark on nothing is allocated into the frame and nothing in it moves, and frees in
/// it only clear their place, so the handles stay what they were while the user looks at them.
extension Z3foldPool {
    private static let order: InlineArray<4, Z3foldHandle.Place> = [
        .headless, .middle, .first, .last,
    ]

    /// A frame out of all lists, with what was in it when it was taken out.
    private struct Victim {
        var run: RunNumber
        /// In the order of `order`.
        var handles = InlineArray<4, PoolHandle?>(repeating: nil)
    }

    func shrink(pageCount: Int) -> ShrinkResult {
        guard pageCount > 0, let user else {
            return ShrinkResult(reclaimedPageCount: 0, error: .invalidArgument)
        }
        return FrameReclaim.shrink(pageCount: pageCount) { reclaimRound(user) }
    }

    private func reclaimRound(_ user: any PoolUser) -> FrameReclaim.Round {
        guard let victim = lists.withLock({ takeVictim(&$0) }) else { return .nothingToTry }
        for index in victim.handles.indices {
            guard let handle = victim.handles[index] else { continue }
            // An object that stays keeps the frame, so the others are left alone. One without an
            // owner is not published and can't be evicted.
            guard let owner = owner(of: handle), user.evict(handle, owner: owner) else { break }
        }
        let isFreed = lists.withLock { putBack(victim.run, &$0) }
        guard isFreed else { return .stays }
        giveBackFrame(victim.run)
        return .freed(frameCount: 1)
    }

    private func takeVictim(_ lists: inout Z3foldLists) -> Victim? {
        guard let run = lists.lru.last else { return nil }
        let frame = Z3foldFrame(run, in: map)
        invariant(!frame.isUnderReclaim)
        lists.removeLru(run, map)
        lists.unfile(run, frame, map)
        frame.isUnderReclaim = true
        var victim = Victim(run: run)
        let order = Self.order
        for index in order.indices where frame.chunkCount(order[index]) != 0 {
            let object = Z3foldHandle(
                run: run, place: order[index], startChunk: frame.startChunk(order[index]))
            victim.handles[index] = object.packed
        }
        return victim
    }

    /// Takes the mark off. True when the frame is empty: then it is the caller's.
    private func putBack(_ run: RunNumber, _ lists: inout Z3foldLists) -> Bool {
        let frame = Z3foldFrame(run, in: map)
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
