import Synchronization
import Threads

/// How takers and the grower tell each other things: two words and two futexes.
final class GrowerSignal: Sendable {
    /// 1: somebody asked for a round.
    private let wanted = FutexWord()
    /// Rises with each growth.
    private let grown = FutexWord()
    private let refused = Atomic<Bool>(false)

    /// Asks for a round. A system call only when nobody asked since the last one.
    func wake() {
        // Behind the exchange that made the work: a round that misses it comes before the look.
        FullFence.behindExchange()
        if wanted.load() == 1 { return }
        if wanted.exchange(1) == 0 { wanted.wakeAll() }
    }

    /// Waits until somebody asks, or for this long; negative means without end.
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

/// The thread that commits frames ahead of demand and gives them back. It may block in the kernel
/// without anybody waiting for it for longer than a bounded while.
final class GrowerThread: Sendable {
    /// Between two looks at what stayed free.
    private static let releaseNanoseconds: Int64 = 100_000_000

    private let signal: GrowerSignal
    private let thread: BackgroundThread

    init(arena: Arena) {
        let signal = arena.growerSignal
        self.signal = signal
        // The arena owns the thread and is unowned by it, also while it waits: one that is dropped
        // without stopping its grower must be noticed and not be kept alive.
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

    /// How long to wait when nobody asks; negative: without end.
    private static func rest(_ hasMore: Bool, _ pause: GrowthPause) -> Int64 {
        let remaining = pause.remaining(at: MonotonicClock.nanoseconds)
        guard hasMore else { return remaining ?? -1 }
        return min(releaseNanoseconds, remaining ?? releaseNanoseconds)
    }

    /// True when more has to be given back later.
    private static func goRound(
        _ arena: Arena, _ lookedAt: inout Int64, _ pause: inout GrowthPause
    ) -> Bool {
        // However often it is woken: what comes and goes within this time has not stayed free.
        let looksForExcess = MonotonicClock.nanoseconds - lookedAt >= releaseNanoseconds
        if looksForExcess { lookedAt = MonotonicClock.nanoseconds }
        return arena.growing.withLock {
            arena.growRound(pending: &$0, pause: &pause, looksForExcess: looksForExcess)
        }
    }
}
