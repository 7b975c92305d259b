public import ControlTree
import Glibc
public import SwapStore
import Synchronization

/// A mounted store: the FUSE side of the filesystem.
///
///     init -> mount -> start -> (serves) -> waitUntilUnmounted
///
/// Law: what reading, writing and discarding pages needs (threads, stacks, buffers, workers) is
/// there before `start` returns; the kernel has its INIT answer when `mount` returns, and what it
/// asks from then on waits for `start`.
public final class FuseServer: Sendable {
    private let store: SwapStore
    private let session: Session
    private let transport: any Transport
    private let workers: [StoreWorker]

    /// A server for this store. `onRefusal` is told why a write to a control file was refused, from
    /// a serving thread; it must not block. `onEnd` is called once, from a serving thread, when the
    /// mount has gone.
    public init(
        store: SwapStore, tree: ControlTree, options: MountOptions,
        onRefusal: @escaping @Sendable (String) -> Void,
        onEnd: @escaping @Sendable () -> Void
    ) throws(MountError) {
        precondition(options.threadCount > 0)
        self.store = store
        session = try Session(
            operations: Operations(store: store, tree: tree, onRefusal: onRefusal), options: options
        )
        var workers: [StoreWorker] = []
        for _ in 0..<options.threadCount {
            guard let worker = store.makeWorker() else { throw .worker }
            workers.append(worker)
        }
        self.workers = workers
        transport = DeviceTransport(session: session, workers: workers, onLastEnd: onEnd)
    }

    /// The transport in use, by name.
    public static let transportName = DeviceTransport.name

    /// Mounts at this directory and answers the kernel's first request.
    public func mount(at path: String) throws(MountError) {
        try session.mount(at: path)
        do {
            try transport.shakeHands()
        } catch {
            session.unmount()
            throw error
        }
    }

    /// Starts the serving threads.
    public func start() throws(MountError) { try transport.start() }

    /// Whether the mount has gone and all threads have ended.
    public var isFinished: Bool { transport.isFinished }

    /// Takes the mount down; the serving threads end when the kernel has let go. Lazily, if it is
    /// busy.
    public func unmount() { session.unmount() }

    /// Waits for the serving threads, then gives their places in the store back.
    public func waitUntilUnmounted() {
        transport.join()
        for worker in workers { store.removeWorker(worker) }
    }
}
