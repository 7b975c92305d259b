import SwapStore
import ZswapCore

/// Making room: in the pools down to the accept line, and in areas that stand at a limit of their
/// own.
extension WriteBackWork {
    /// Plans in a row without a page written, after which nothing is left to write: pages may be
    /// used or moved between the count and the write.
    private static let missCountMax = 3

    /// Frames above the accept line, or at the limit where that is the same; nil: none. With
    /// `wasFull`, nil also unless the pools stood at their limit.
    func excessFrameCount(wasFull: Bool) -> Int? {
        guard !wasFull || store.standsAtLimit else { return nil }
        let limit = store.limit
        let target = min(limit.frameCountAccept, limit.frameCountMax - 1)
        let used = store.poolFrameCount
        return used > max(target, 0) ? used - target : nil
    }

    mutating func makeRoom(_ frameCount: Int, _ goesOn: () -> Bool) -> Rest {
        let byteCount = frameCount * Page.byteCount
        var outcome = shrinkPools(frameCount)
        if outcome.isMiss {
            outcome = Self.withNewPlans {
                writeBack?.evictColdest(neededByteCount: byteCount) ?? .endOfTurn(pageCount: 0)
            }
        }
        if outcome.isMiss {
            requests.set(.nothingToWrite)
            return .nanoseconds(Self.idleNanoseconds)
        }
        settle(outcome)
        let share = max(store.poolFrameCount / CompactionNeed.share, 1)
        if store.freeablePageCount >= share { Compaction(of: store).run(by: worker, goesOn) }
        requests.noteProgress()
        return .again
    }

    /// Repeats `evict`, each time with a new plan, while it writes no page.
    private static func withNewPlans(_ evict: () -> WriteBack.Outcome) -> WriteBack.Outcome {
        var outcome = evict()
        for _ in 1..<missCountMax where outcome.isMiss { outcome = evict() }
        return outcome
    }

    /// One large write for each area that stands at its own limit, down to the accept threshold's
    /// share of it; also for unlinked areas that are open.
    mutating func makeRoomInAreas() -> Rest {
        var (isUnfinished, isHopeless) = (false, false)
        var slot = 0
        while let area = store.holdArea(from: slot) {
            defer { store.close(area, by: worker) }
            slot = area.slot + 1
            guard area.room.take() else { continue }
            let found = makeRoom(in: area)
            area.room.settle(found)
            if found == .asked { isUnfinished = true }
            if found == .hopeless { isHopeless = true }
        }
        if isUnfinished || isHopeless { requests.noteAskingAreas() }
        requests.noteProgress()
        return isHopeless && !isUnfinished ? .nanoseconds(Self.idleNanoseconds) : .again
    }

    /// Returns the state of the area's room afterwards: `asked` until it has room.
    private mutating func makeRoom(in area: Area) -> Room.State {
        let percent = store.tunables.acceptThresholdPercent
        guard let limit = area.byteCountMax.map({ Int($0) }),
            case let excess = area.storedByteCount - min(limit / 100 * percent, limit - 1),
            excess > 0
        else { return .open }
        let outcome = Self.withNewPlans {
            writeBack?.evictColdest(of: area, neededByteCount: excess)
                ?? .endOfTurn(pageCount: 0)
        }
        settle(outcome)
        if outcome.isMiss { return .hopeless }
        // The backing store is full or failed: `settle` has told all waiting stores.
        if outcome.pageCount == 0 { return .open }
        return area.isBelowLimit ? .open : .asked
    }
}
