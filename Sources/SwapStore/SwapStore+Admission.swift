import Arena
import Synchronization
import ZswapCore

/// Whether a page is let in, and what is done to make room for it.
extension SwapStore {
    /// Whether a page may be refused because the pools stand at their limit.
    enum Admission {
        case limited
        /// A page with a part cleared: nearly always it needs no more than it frees, and refusing
        /// it would leave bytes that were discarded.
        case always
    }

    /// Lets a page in that needs room. Without room some is made, by writing cold pages back, or
    /// the page is refused.
    func admit(_ area: Area, _ worker: StoreWorker) throws(StoreError) {
        if areaHasRoom(area, worker), poolsHaveRoom(worker) { return }
        reject(.rejectReclaimFail, of: area, worker)
        throw .poolFull
    }

    /// Whether a page of this area may be taken only to be written to the backing store.
    func mayPass(_ area: Area) -> Bool { desk.isReady && area.allowsWriteBack }

    private func poolsHaveRoom(_ worker: StoreWorker) -> Bool {
        switch worker.state.limit.check(used: arena.poolFrameCount, isFull: isFull) {
        case .accept: return true
        case .refuseAtLimit:
            count(.poolLimitHit, by: worker)
            // By the limit in force, which may be another one by now. Pools that may have nothing
            // never have room.
            return wait(
                worker, until: { arena.poolFrameCount < frameCountMax },
                orHopeless: { frameCountMax == 0 })
        case .refuseUntilAcceptLine:
            // Room is being made, and there is some already.
            return desk.isReady
        }
    }

    private var frameCountMax: Int { control.withLock { $0.state.limit.frameCountMax } }

    /// Whether the area stands below its own limit. One load where it has none; else the sum of
    /// what the workers count. They may go beyond it by a page each, if they begin at once.
    private func areaHasRoom(_ area: Area, _ worker: StoreWorker) -> Bool {
        if area.isBelowLimit { return true }
        guard area.allowsWriteBack, area.record.byteCountMax ?? 0 > 0,
            area.need.load(ordering: .relaxed) != .hopeless
        else { return false }
        area.need.store(.wanted, ordering: .relaxed)
        desk.hasAreaNeeds.store(true, ordering: .releasing)
        return wait(
            worker, until: { area.isBelowLimit },
            orHopeless: { area.need.load(ordering: .relaxed) == .hopeless })
    }

    /// Waits until the write-back thread has made room. False: there is none to be had. Outside of
    /// the request meanwhile, so that memory can go back.
    private func wait(
        _ worker: StoreWorker, until hasRoom: () -> Bool, orHopeless isHopeless: () -> Bool
    ) -> Bool {
        guard desk.isReady else { return false }
        end(worker)
        defer { begin(worker) }
        return desk.wait(until: hasRoom, orHopeless: isHopeless)
    }

    /// Counts a page that is refused: once in the store, once in the area.
    func reject(_ event: StoreEvent, of area: Area, _ worker: StoreWorker) {
        count(event, by: worker)
        arena.addToWord(1, at: area.record.refusedPagesOffset)
    }
}
