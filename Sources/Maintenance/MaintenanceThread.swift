import SwapStore
import Threads

/// A thread that works on a store in the background.
///
/// Law: started at most once, and stopped by ``Maintenance``, which started it.
protocol MaintenanceThread: AnyObject, Sendable {
    var thread: BackgroundThread { get }
    /// Starts; false when the system has no thread.
    func start() -> Bool
    /// Ends; returns when the thread has ended.
    func stop()
}

extension MaintenanceThread {
    func start() -> Bool { thread.start() }
    func stop() { thread.stop() }
}

extension BackgroundThread {
    /// A thread that works on a store as a worker of its own, which goes when `body` ends. Nil when
    /// there is no place for another worker.
    convenience init?(
        name: String, of store: SwapStore,
        _ body: @escaping @Sendable (BackgroundThread, StoreWorker) -> Void
    ) {
        guard let worker = store.makeWorker() else { return nil }
        self.init(name: name) { thread in
            body(thread, worker)
            store.removeWorker(worker)
        }
    }
}

/// A thread that requests wake.
///
/// Law: it is attached before it starts, so that it misses no request. What is set when it ends
/// stays set.
protocol WokenThread: MaintenanceThread {
    var attachment: ThreadAttachment { get }
}

extension WokenThread {
    func start() -> Bool {
        attachment.attach(thread)
        guard !thread.start() else { return true }
        attachment.attach(nil)
        return false
    }

    func stop() {
        attachment.attach(nil)
        thread.stop()
    }
}

/// The thread that requests wake, if there is one.
///
/// Law: the lock is held briefly, and no other lock is taken under it.
final class ThreadAttachment: Sendable {
    private let thread = Lock<BackgroundThread?>(nil)

    /// Sets the thread that ``wake()`` wakes; nil: none.
    func attach(_ thread: BackgroundThread?) { self.thread.withLock { $0 = thread } }

    /// Wakes the thread; to be called after the request can be seen.
    func wake() { thread.withLock { $0 }?.wake() }
}
