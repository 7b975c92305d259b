import Synchronization
import Threads
import ZswapCore

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
public final class Caretaker: Sendable {
    private static let restNanosecondsMin: Int64 = 100_000_000
    private static let restNanosecondsMax: Int64 = 2_000_000_000

    private let thread: BackgroundThread

    /// Somebody to look after this store. Nil when there is no place for another worker.
    public init?(of store: SwapStore) {
        guard let worker = store.makeWorker() else { return nil }
        thread = BackgroundThread(name: "zswapfs-care") { thread in
            Self.run(store, worker, thread)
            store.removeWorker(worker)
        }
    }

    /// Starts; false when the system has no thread.
    public func start() -> Bool { thread.start() }

    /// Ends; returns when nothing is looked after any more.
    public func stop() { thread.stop() }

    private static func run(_ store: SwapStore, _ worker: StoreWorker, _ thread: BackgroundThread) {
        var need = CompactionNeed()
        var restNanoseconds = restNanosecondsMin
        while !thread.isStopping {
            store.housekeep()
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
        store.compact(by: worker) {
            pace.rest(store.standsAtLimit ? .half : .fifth, thread)
            return !thread.isStopping && store.tunables.compactsByItself
        }
    }
}

/// When compaction is worth it.
///
/// Law: what the last compaction had to leave behind is not a reason for another one.
public struct CompactionNeed {
    private static let frameCountMin = 64
    /// One frame of so many may be freeable and stay.
    private static let share = 128

    private var leftCount = 0
    private var seenCount = 0

    /// Nothing was compacted yet.
    public init() {}

    /// Whether enough came free since the last compaction.
    public func isDue(freeable: Int, poolFrameCount: Int) -> Bool {
        freeable - min(leftCount, freeable)
            >= max(poolFrameCount / Self.share, Self.frameCountMin)
    }

    /// A compaction ended with so much that it could not free.
    public mutating func noteLeft(_ freeable: Int) { leftCount = freeable }

    /// Whether the count differs from the last time; a smaller one leaves less behind.
    @discardableResult
    public mutating func hasChanged(_ freeable: Int) -> Bool {
        defer { seenCount = freeable }
        leftCount = min(leftCount, freeable)
        return freeable != seenCount
    }
}
