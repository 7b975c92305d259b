import CLinux
import Glibc
import Synchronization
import ZswapCore

/// A thread for work that nobody waits for: growing the arena, looking after a store. Its stack is
/// small and fixed, because all memory is locked.
///
///     init -> start ── body runs, rests, asks isStopping ── stop: the rest is cut short, joined
///
/// Law: started at most once; whoever started it stops it before the thread's last reference goes.
public final class BackgroundThread: @unchecked Sendable {
    // Unchecked: `thread` is written once, before anybody can join.

    private static let stackByteCount = 256 << 10

    private let name: String
    private let body: @Sendable (BackgroundThread) -> Void
    private let stopping = Atomic<Bool>(false)
    /// Rises when a rest has to end.
    private let bell = FutexWord()
    private var thread = pthread_t()

    /// A thread that is not running yet. The name has at most 15 bytes.
    public init(name: String, _ body: @escaping @Sendable (BackgroundThread) -> Void) {
        invariant(name.utf8.count <= 15)
        self.name = name
        self.body = body
    }

    /// Starts it; false when the system has no thread.
    public func start() -> Bool {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, Self.stackByteCount)
        let argument = Unmanaged.passRetained(self)
        let result = pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument else { return nil }
                Unmanaged<BackgroundThread>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, argument.toOpaque())
        if result != 0 { argument.release() }
        return result == 0
    }

    /// Runs `body` in a thread of its own that nobody waits for: for what may never return. False
    /// when the system has no thread, and then `body` does not run.
    public static func detach(name: String, _ body: @escaping @Sendable () -> Void) -> Bool {
        let thread = BackgroundThread(name: name) { _ in body() }
        guard thread.start() else { return false }
        // It keeps itself alive until it has ended.
        pthread_detach(thread.thread)
        return true
    }

    private func run() {
        _ = clinux_set_thread_name(name)
        body(self)
    }

    /// Somebody wants the body to return.
    public var isStopping: Bool { stopping.load(ordering: .sequentiallyConsistent) }

    /// For the body: sleeps, until `stop` or `wake` at most; without end if the time is negative.
    /// Not at all if there `isDue` something: asked after the bell was looked at, so that whoever
    /// makes it so and then wakes is not missed.
    public func rest(nanoseconds: Int64, unless isDue: () -> Bool = { false }) {
        let ring = bell.load()
        guard !isStopping, !isDue() else { return }
        bell.wait(while: ring, nanoseconds: nanoseconds)
    }

    /// Ends the present rest.
    public func wake() {
        bell.increment()
        bell.wakeAll()
    }

    /// Tells the body to return and waits until it has. `wakingElse` ends what else it may wait
    /// for.
    public func stop(wakingElse: () -> Void = {}) {
        // A full barrier: no wish must be read before the stop can be seen.
        _ = stopping.exchange(true, ordering: .sequentiallyConsistent)
        wake()
        wakingElse()
        pthread_join(thread, nil)
    }

    /// Time since some moment in the past, for differences. No system call.
    public static var nanoseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
