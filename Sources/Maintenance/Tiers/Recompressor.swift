import SwapStore
import Threads

/// The thread that recompresses pages which have become cold, or that were asked for.
///
///     sleeps ── a page becomes cold, params/recompress, a setting ──► 8 pages, rest, 8 pages, …
///
/// Law: of one processor's time it takes at most the share that `params/cold_cpu_percent` says, on
/// request too. It serves no request, and holds nothing between two steps, where it rests. It has
/// no low priority: if it held a lock of a pool and got no processor, stores would wait for it.
/// Price: a thread and a worker. If no page is to become cold, it sleeps until a setting changes;
/// else until the next one can be cold, and it looks at most once a second.
final class Recompressor: WokenThread {
    private static let roomNanoseconds: Int64 = 1_000_000_000
    private static let nanosecondsPerSecond: Int64 = 1_000_000_000
    private static let endless: Int64 = -1

    let thread: BackgroundThread
    let attachment: ThreadAttachment

    /// Creates the thread. Nil when there is no place for another worker.
    init?(of tiers: Tiers) {
        let own = BackgroundThread(name: "zswapfs-tiers", of: tiers.store) { thread, worker in
            Self.run(tiers, worker, thread)
        }
        guard let own else { return nil }
        attachment = tiers.control.attachment
        thread = own
    }

    private static func run(_ tiers: Tiers, _ worker: StoreWorker, _ thread: BackgroundThread) {
        var sweep = TierSweep()
        var pace = Pace()
        while !thread.isStopping {
            let step = tiers.step(&sweep, by: worker)
            if step == .worked {
                pace.rest(percent: tiers.store.tunables.coldCPUPercent, thread)
                continue
            }
            thread.rest(nanoseconds: restNanoseconds(step)) { tiers.isDue(sweep) }
            pace = Pace()
        }
    }

    private static func restNanoseconds(_ step: TierStep) -> Int64 {
        switch step {
        case .worked: 0
        case .waitsForRoom: roomNanoseconds
        case .rests(let seconds): Int64(seconds) * nanosecondsPerSecond
        case .idle: endless
        }
    }
}
