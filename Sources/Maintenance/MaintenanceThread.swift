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
