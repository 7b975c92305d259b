import SwapStore
import Threads

/// The thread that looks after a store while others serve: it frees drained pools and compacts when
/// `CompactionNeed` says so.
///
///     look: 0.1 s after the last one if things changed, up to 2 s if not
///       └─ freeable >= 1/128 of the pools' frames, and 64 -> work 25 µs, rest 100 µs, ...
///
/// Law: no request waits for it, except that a store waits for one step of compaction in the size
/// class it needs: a step empties at most one zspage under the lock. A load takes no lock and never
/// waits. The thread has no low priority: if it held a lock and got no processor, stores would wait
/// long for it. It works a fifth of the time instead, half of it while the pools stand at their
/// limit, where each frame counts.
/// Price: a thread, and a look at the counters of each size class now and then.
final class Caretaker: MaintenanceThread {
    private static let restNanosecondsMin: Int64 = 100_000_000
    private static let restNanosecondsMax: Int64 = 2_000_000_000

    let thread: BackgroundThread

    /// Creates the thread. Nil when there is no place for another worker.
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
