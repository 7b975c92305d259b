import CFuse
import Glibc
import Synchronization
import ZswapCore

/// The null filesystem: one file, `data`, of memory that is read and written as it is. What a
/// filesystem in user space costs before it does anything, to be measured beside zswapfs.
///
///     init -> mount -> (serves) -> unmounted by somebody -> join
///
/// Law: as little as libfuse allows. Discards are answered at once and do nothing; there are no
/// checks of what is asked beyond the file's end.
public final class NullServer: @unchecked Sendable {
    // Unchecked: threads are added by `mount` before anybody can join them.
    private static let stackByteCount = 256 << 10

    private let session: NullSession
    private let transport: NullTransport
    private let threadCount: Int
    private let observers: [any NullObserver]
    private let begunCount = Atomic<Int>(0)
    private var threads: [pthread_t] = []
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

    /// Waits until somebody has unmounted it and all threads have ended.
    public func join() {
        for thread in threads { pthread_join(thread, nil) }
        threads = []
        session.unmount()
    }

    private func start() throws(NullFailure) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, Self.stackByteCount)
        running.store(threadCount, ordering: .releasing)
        for _ in 0..<threadCount {
            var thread = pthread_t()
            // Taken back by the thread.
            let argument = Unmanaged.passRetained(self)
            let result = pthread_create(
                &thread, &attributes,
                { argument in
                    guard let argument else { return nil }
                    Unmanaged<NullServer>.fromOpaque(argument).takeRetainedValue().run()
                    return nil
                }, argument.toOpaque())
            guard result == 0 else {
                argument.release()
                throw .thread(errno: result)
            }
            threads.append(thread)
        }
    }

    private func run() {
        let index = begunCount.add(1, ordering: .relaxed).oldValue
        let observer = observers.isEmpty ? nil : observers[index]
        switch transport {
        case .dev: NullDeviceThread(session, observer).serve()
        case .uring: session.loop()
        }
        if running.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 { onEnd() }
    }
}
