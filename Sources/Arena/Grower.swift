import CLinux
import Glibc
import Synchronization

/// How takers and the grower tell each other things: two words and two futexes.
final class GrowerSignal: Sendable {
    /// 1: somebody asked for a round.
    private let wanted = FutexWord()
    /// Rises with each growth.
    private let grown = FutexWord()
    private let refused = Atomic<Bool>(false)

    /// Asks for a round. A system call only when nobody asked since the last one.
    func wake() {
        if wanted.load() == 1 { return }
        if wanted.exchange(1) == 0 { wanted.wakeAll() }
    }

    /// Waits until somebody asks, or for this long; negative means without end.
    func waitForWish(nanoseconds: Int64) {
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

/// A 32-bit word that threads can sleep on. On the heap, because the kernel needs its address.
private final class FutexWord: @unchecked Sendable {  // every access is atomic
    private let address: UnsafeMutablePointer<UInt32>

    init() {
        address = .allocate(capacity: 1)
        address.initialize(to: 0)
    }
    deinit { address.deallocate() }

    private var atomic: UnsafeMutablePointer<Atomic<UInt32>> {
        UnsafeMutableRawPointer(address).assumingMemoryBound(to: Atomic<UInt32>.self)
    }
    func load() -> UInt32 { atomic.pointee.load(ordering: .acquiring) }
    func exchange(_ value: UInt32) -> UInt32 {
        atomic.pointee.exchange(value, ordering: .acquiringAndReleasing)
    }
    func increment() { atomic.pointee.wrappingAdd(1, ordering: .releasing) }
    func wait(while expected: UInt32, nanoseconds: Int64) {
        _ = clinux_futex_wait(address, expected, nanoseconds)
    }
    func wakeAll() { _ = clinux_futex_wake(address, CInt.max) }
}

/// The thread that commits frames ahead of demand and gives them back. Small fixed stack; it may
/// block in the kernel without anybody waiting for it for longer than a bounded while.
final class GrowerThread: @unchecked Sendable {
    // Unchecked: `thread` is written once, before anybody can join.

    private static let stackByteCount = 256 << 10
    /// Between two looks at what stayed free.
    private static let releaseNanoseconds: Int64 = 100_000_000

    private unowned let arena: Arena
    private let isStopping = Atomic<Bool>(false)
    private var thread = pthread_t()

    init(arena: Arena) { self.arena = arena }

    func start() -> Bool {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, Self.stackByteCount)
        let argument = Unmanaged.passRetained(self)
        let result = pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument else { return nil }
                Unmanaged<GrowerThread>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, argument.toOpaque())
        if result != 0 { argument.release() }
        return result == 0
    }

    func join() {
        // A full barrier: the wish must not be read before the stop can be seen.
        _ = isStopping.exchange(true, ordering: .sequentiallyConsistent)
        arena.growerSignal.wake()
        pthread_join(thread, nil)
    }

    private static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    private func run() {
        _ = clinux_set_thread_name("zswapfs-grower")
        var lookedAt = Self.now
        while !isStopping.load(ordering: .sequentiallyConsistent) {
            // However often it is woken: what comes and goes within this time has not stayed free.
            let looksForExcess = Self.now - lookedAt >= Self.releaseNanoseconds
            if looksForExcess { lookedAt = Self.now }
            let hasMore = arena.growing.withLock {
                arena.growRound(pending: &$0, looksForExcess: looksForExcess)
            }
            arena.growerSignal.waitForWish(nanoseconds: hasMore ? Self.releaseNanoseconds : -1)
        }
    }
}
