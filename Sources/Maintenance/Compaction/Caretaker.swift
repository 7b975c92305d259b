import SwapStore
import Threads

/// The thread that looks after a store while others serve: it lets drained pools go and compacts
/// when that is worth it.
///
///     look: 0.1 s after the last one if things changed, up to 2 s if not
///       └─ freeable >= 1/128 of the pools' frames, and 64 -> work 25 µs, rest 100 µs, ...
///
/// Law: it serves nobody, so nobody waits for it, but for one step of compaction where a store
/// needs the size class that is being compacted: at most one zspage is emptied under the lock. A
/// load takes no lock and never waits. It is not given a low priority: a thread that holds a lock
/// and gets no processor would hold up stores for long. It works a fifth of the time instead, half
/// of it while the pools stand at their limit, where each frame counts.
/// Price: a thread, and a look at the counters of each size class now and then.
final class Caretaker: MaintenanceThread {
    private static let restNanosecondsMin: Int64 = 100_000_000
    private static let restNanosecondsMax: Int64 = 2_000_000_000

    let thread: BackgroundThread

    /// A thread that looks after this store. Nil when there is no place for another worker.
    init?(of store: SwapStore) {
        guard let worker = store.makeMover() else { return nil }
        thread = BackgroundThread(name: "zswapfs-care") { thread in
            Self.run(store, worker, thread)
            store.removeMover(worker)
        }
    }

    private static func run(_ store: SwapStore, _ worker: StoreWorker, _ thread: BackgroundThread) {
        var need = CompactionNeed()
        var restNanoseconds = restNanosecondsMin
        while !thread.isStopping {
            store.releaseDrained()
            let freeable = store.freeablePageCount
            if store.tunables.compactsByItself,
                need.isDue(freeable: freeable, poolFrameCount: store.poolFrameCount)
            {
                compact(store, worker, thread)
                need.noteLeft(store.freeablePageCount)
            }
            restNanoseconds =
                need.hasChanged(freeable)
                ? restNanosecondsMin : min(2 * restNanoseconds, restNanosecondsMax)
            thread.rest(nanoseconds: restNanoseconds)
        }
    }

    private static func compact(
        _ store: SwapStore, _ worker: StoreWorker, _ thread: BackgroundThread
    ) {
        var pace = Pace()
        Compaction(of: store).run(by: worker) {
            pace.rest(store.standsAtLimit ? .half : .fifth, thread)
            return !thread.isStopping && store.tunables.compactsByItself
        }
    }
}
