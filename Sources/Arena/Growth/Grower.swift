import Synchronization
import Threads

/// The signals between takers and the grower: two words and two futexes.
final class GrowerSignal: Sendable {
    /// 1: a taker asked for a round.
    private let wanted = FutexWord()
    /// Rises with each growth.
    private let grown = FutexWord()
    private let refused = Atomic<Bool>(false)

    /// Asks for a round. Makes a system call only if no thread asked since the last round.
    func wake() {
        // Behind the exchange that made the work: if the grower's round missed that work, this load
        // sees the cleared word.
        FullFence.behindExchange()
        if wanted.load() == 1 { return }
        if wanted.exchange(1) == 0 { wanted.wakeAll() }
    }

    /// Waits until a thread asks for a round, at most `nanoseconds`; a negative time has no end.
    func waitForJob(nanoseconds: Int64) {
        defer { FullFence.behindExchange() }
        if wanted.exchange(0) == 1 { return }
        wanted.wait(while: 0, nanoseconds: nanoseconds)
        _ = wanted.exchange(0)
    }

    func waitForGrowth(nanoseconds: Int64) {
        grown.wait(while: grown.load(), nanoseconds: nanoseconds)
    }

    func announceGrowth() {
        grown.increment()
        grown.wakeAll()
    }

    /// Whether the last round found no memory.
    var isRefused: Bool { refused.load(ordering: .relaxed) }
    func setRefused(_ isRefused: Bool) { refused.store(isRefused, ordering: .relaxed) }
}

/// The thread that commits frames ahead of demand and gives them back. It may block in the kernel:
/// a taker waits for it for a bounded time only.
final class GrowerThread: Sendable {
    /// Between two looks at what stayed free.
    private static let releaseNanoseconds: Int64 = 100_000_000

    private let signal: GrowerSignal
    private let thread: BackgroundThread

    init(arena: Arena) {
        let signal = arena.growerSignal
        self.signal = signal
        // The thread does not retain the arena, also while it waits: an arena that is dropped
        // without `stop` must trap and not be kept alive.
        thread = BackgroundThread(name: "zswapfs-grower") { [unowned arena] thread in
            var lookedAt = MonotonicClock.nanoseconds
            var pause = GrowthPause()
            while !thread.isStopping {
                let hasMore = Self.goRound(arena, &lookedAt, &pause)
                signal.waitForJob(nanoseconds: Self.rest(hasMore, pause))
            }
        }
    }

    func start() -> Bool { thread.start() }

    func join() { thread.stop { signal.wake() } }

    /// How long to wait when no thread asks; negative: without end.
    private static func rest(_ hasMore: Bool, _ pause: GrowthPause) -> Int64 {
        let remaining = pause.remaining(at: MonotonicClock.nanoseconds)
        guard hasMore else { return remaining ?? -1 }
        return min(releaseNanoseconds, remaining ?? releaseNanoseconds)
    }

    /// True when more has to be released later.
    private static func goRound(
        _ arena: Arena, _ lookedAt: inout Int64, _ pause: inout GrowthPause
    ) -> Bool {
        // At this interval, however often the thread is woken: runs that are freed and taken within
        // it have not stayed free.
        let looksForExcess = MonotonicClock.nanoseconds - lookedAt >= releaseNanoseconds
        if looksForExcess { lookedAt = MonotonicClock.nanoseconds }
        return arena.growing.withLock {
            arena.growRound(pending: &$0, pause: &pause, looksForExcess: looksForExcess)
        }
    }
}
