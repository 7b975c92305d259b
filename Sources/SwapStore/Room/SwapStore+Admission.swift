import Arena
import Synchronization
import ZswapCore

/// Admission of pages, and making room for them.
extension SwapStore {
    /// Whether a page may be refused because the pools stand at their limit.
    enum Admission {
        case limited
        /// A page with a part cleared: nearly always it needs no more than it frees, and refusing
        /// it would leave bytes that were discarded.
        case always
    }

    /// Admits a page that needs room. Without room it waits for cold pages to be written back, and
    /// throws `poolFull` when that makes none, and `wouldWaitForRoom` when the worker may not wait.
    func admit(_ area: Area, _ worker: StoreWorker) throws(StoreError) {
        if try areaHasRoom(area, worker), try poolsHaveRoom(worker) { return }
        reject(.rejectReclaimFail, of: area, worker)
        throw .poolFull
    }

    /// Whether a page of this area may be taken only to be written to the backing store.
    func mayPass(_ area: Area) -> Bool { roomRequests.isReady && area.allowsWriteBack }

    private func poolsHaveRoom(_ worker: StoreWorker) throws(StoreError) -> Bool {
        let pools = roomRequests.pools.admits(
            within: worker.state.limit, used: arena.poolFrameCount)
        switch pools {
        case .accept: return true
        case .refuseAtLimit:
            let canBeMade = try waitsForRoom(worker)
            count(.poolLimitHit, by: worker)
            guard canBeMade else { return false }
            // By the limit in force, which may have changed. With a limit of 0 there is never room.
            // Asked again at each try: a thread that found room just before may reopen only now.
            return wait(
                at: roomRequests.pools, worker, asking: { roomRequests.pools.ask() },
                until: { arena.poolFrameCount < limitFrameCount.load(ordering: .relaxed) },
                orHopeless: { limitFrameCount.load(ordering: .relaxed) == 0 })
        case .refuseUntilAcceptLine:
            // Room is being made, and there is some already.
            return roomRequests.isReady
        }
    }

    /// Whether the area stands below its own limit. One load where it has none; else the sum of
    /// what the workers count. They may go beyond it by a page each, if they begin at once.
    private func areaHasRoom(
        _ area: Area, _ worker: StoreWorker
    ) throws(StoreError) -> Bool {
        if area.isBelowLimit { return true }
        guard area.allowsWriteBack, area.record.byteCountMax ?? 0 > 0, !area.room.isHopeless
        else { return false }
        guard try waitsForRoom(worker) else { return false }
        return wait(
            at: area.room, worker, asking: { roomRequests.ask(inArea: area.room) },
            until: { area.isBelowLimit }, orHopeless: { area.room.isHopeless })
    }

    /// Whether maintenance can make room, so that the worker waits for it. Throws for one that may
    /// not wait: the worker that does the rest asks again.
    private func waitsForRoom(_ worker: StoreWorker) throws(StoreError) -> Bool {
        guard roomRequests.isReady else { return false }
        guard worker.mayWaitForRoom else { throw .wouldWaitForRoom(takenByteCount: 0) }
        return true
    }

    /// Waits until maintenance has made room; false if it makes none. The worker leaves its request
    /// meanwhile, so that retired memory can be freed.
    private func wait(
        at place: borrowing Room, _ worker: StoreWorker, asking ask: () -> Void,
        until hasRoom: () -> Bool, orHopeless isHopeless: () -> Bool
    ) -> Bool {
        end(worker)
        defer { begin(worker) }
        return roomRequests.wait(at: place, asking: ask, until: hasRoom, orHopeless: isHopeless)
    }

    /// Counts a page that is refused: once in the store, once in the area.
    func reject(_ event: StoreEvent, of area: Area, _ worker: StoreWorker) {
        count(event, by: worker)
        arena.addToWord(1, at: area.record.refusedPagesOffset)
    }
}
