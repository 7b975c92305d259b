import Synchronization

/// A thread for background work: growing the arena, looking after a store.
///
///     init -> start ── body runs, rests, asks isStopping ── stop: the rest is cut short, joined
///
/// Law: started at most once; its owner stops it before it drops the last reference.
public final class BackgroundThread: @unchecked Sendable {
    // Unchecked: `thread` is written once, before any thread can join it.

    private let name: String
    private let body: @Sendable (BackgroundThread) -> Void
    private let stopping = Atomic<Bool>(false)
    /// Rises when a rest has to end.
    private let wakeWord = FutexWord()
    private var thread: SmallThread?

    /// A thread that is not running yet. The name has at most 15 bytes.
    public init(name: String, _ body: @escaping @Sendable (BackgroundThread) -> Void) {
        self.name = name
        self.body = body
    }

    /// Starts it; false when the system has no thread.
    public func start() -> Bool {
        do {
            // The running thread retains this object until it has ended.
            thread = try SmallThread.start(name, failure: NoThread.init) { self.body(self) }
            return true
        } catch {
            return false
        }
    }

    private struct NoThread: Error { let errno: CInt }

    /// Runs `body`, which may never return, in a detached thread. False when the system has no
    /// thread; then `body` does not run.
    public static func detach(name: String, _ body: @escaping @Sendable () -> Void) -> Bool {
        let thread = BackgroundThread(name: name) { _ in body() }
        guard thread.start() else { return false }
        thread.thread?.detach()
        return true
    }

    /// Whether the body has to return.
    public var isStopping: Bool { stopping.load(ordering: .sequentiallyConsistent) }

    /// For the body: sleeps for that long, until `stop` or `wake` at most; a negative time has no
    /// end. Returns at once when `isDue()` is true. `isDue` is called after the word was read, so a
    /// thread that makes it true and then wakes is not missed.
    public func rest(nanoseconds: Int64, unless isDue: () -> Bool = { false }) {
        let ring = wakeWord.load()
        guard !isStopping, !isDue() else { return }
        wakeWord.wait(while: ring, nanoseconds: nanoseconds)
    }

    /// Ends the present rest.
    public func wake() {
        wakeWord.increment()
        wakeWord.wakeAll()
    }

    /// Tells the body to return and waits until it has. `wakingElse` ends what else it may wait
    /// for.
    public func stop(wakingElse: () -> Void = {}) {
        // A full barrier: `wakingElse` must not read anything before other threads can see the
        // stop.
        _ = stopping.exchange(true, ordering: .sequentiallyConsistent)
        wake()
        wakingElse()
        thread?.join()
    }
}
