import CFuse
import Glibc
import Synchronization
import Threads
import ZswapCore

/// The null filesystem: one file, `data`, of memory that is read and written as it is. It shows
/// what a FUSE filesystem costs before it does any work, to be measured beside zswapfs.
///
///     init -> mount -> (serves) -> unmounted from outside -> join
///
/// Law: as little as libfuse allows. Discards are answered at once and do nothing; there are no
/// checks of what is asked beyond the file's end.
public final class NullServer: @unchecked Sendable {
    // Unchecked: threads are added by `mount` before they can be joined.
    private let session: NullSession
    private let transport: NullTransport
    private let threadCount: Int
    private let observers: [any NullObserver]
    private var threads: [SmallThread] = []
    private let running = Atomic<Int>(0)
    private let onEnd: @Sendable () -> Void

    /// A filesystem whose file has `byteCount` bytes, a multiple of the page. By /dev/fuse
    /// `threadCount` threads serve, by the ring one of libfuse's for each processor. `onEnd` is
    /// called once, when the mount has gone, from a serving thread. Observers are one for each
    /// thread, or none; libfuse's threads have none, so only /dev/fuse can be observed.
    public init(
        byteCount: Int, transport: NullTransport, threadCount: Int,
        observers: [any NullObserver] = [], onEnd: @escaping @Sendable () -> Void
    ) throws(NullFailure) {
        invariant(threadCount > 0)
        invariant(observers.isEmpty || transport == .dev && observers.count == threadCount)
        session = try NullSession(file: try NullFile(byteCount: byteCount), transport: transport)
        self.transport = transport
        // The ring has its own threads; ours answers what does not come that way.
        self.threadCount = transport == .uring ? 1 : threadCount
        self.observers = observers
        self.onEnd = onEnd
    }

    /// Mounts at this directory and starts serving.
    public func mount(at path: String) throws(NullFailure) {
        try session.mount(at: path)
        do {
            try start()
        } catch {
            session.unmount()
            throw error
        }
        // A look-up, after what the kernel asks first.
        guard access("\(path)/\(NullFile.name)", F_OK) == 0 else { throw .mount(path: path) }
        let isRing = session.cameByRing.load(ordering: .acquiring)
        guard transport == .dev || isRing else { throw .ringRefused }
    }

    /// Whether all threads have ended.
    public var isFinished: Bool { running.load(ordering: .acquiring) == 0 }

    /// Waits until it is unmounted from outside and all threads have ended.
    public func join() {
        for thread in threads { thread.join() }
        threads = []
        session.unmount()
    }

    private func start() throws(NullFailure) {
        running.store(threadCount, ordering: .releasing)
        for index in 0..<threadCount {
            threads.append(
                try SmallThread.start("null-serve-\(index)", failure: NullFailure.thread) {
                    [self] in run(index)
                })
        }
    }

    private func run(_ index: Int) {
        let observer = observers.isEmpty ? nil : observers[index]
        switch transport {
        case .dev: NullDeviceThread(session, observer).serve()
        case .uring: session.loop()
        }
        if running.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 { onEnd() }
    }
}
