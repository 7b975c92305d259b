import Arena
import Synchronization
import ZPool
import ZswapCore

/// Moving objects together, on request and in the background.
extension SwapStore {
    /// Moves objects together in every pool, so that frames become free; returns how many did. 0
    /// when somebody else is at it. `goesOn` is called between steps, outside of any request: it
    /// may sleep, and ends the compaction with false.
    @discardableResult
    public func compact(by worker: StoreWorker, _ goesOn: () -> Bool = { true }) -> Int {
        // Held by reference, since a pool may leave the state between two steps. A drained pool
        // has nothing to move.
        let pools = control.withLock { $0.pools }
        var freed = 0
        for pool in pools {
            guard let pool else { continue }
            begin(worker)
            defer { end(worker) }
            freed += pool.compact {
                // Between steps no offset is held: memory may go back, and tables, too.
                end(worker)
                defer { begin(worker) }
                return goesOn()
            }
        }
        record.addCompactedFrames(freed)
        return freed
    }

    /// The same for whoever asks once: by a worker that was made with the store, so that nothing is
    /// allocated. 0 when another one asked and is not through.
    @discardableResult
    public func compactOnRequest() -> Int {
        compactionWorker.withLockIfAvailable { worker in worker.map { compact(by: $0) } ?? 0 } ?? 0
    }

    /// Frames of all pools that compaction would free now.
    public var freeablePageCount: Int {
        control.withLock { $0.pools }.reduce(0) { $0 + ($1?.freeablePageCount ?? 0) }
    }

    /// They are enough to compact by itself, if nothing is left behind from the last time.
    public var isWorthCompacting: Bool {
        CompactionNeed().isDue(freeable: freeablePageCount, poolFrameCount: poolFrameCount)
    }
}
