import Threads

/// A thread that works on a store in the background.
///
/// Law: started at most once, and stopped by whoever started it.
protocol MaintenanceThread: AnyObject, Sendable {
    var thread: BackgroundThread { get }
    /// Starts; false when the system has no thread.
    func start() -> Bool
    /// Ends; returns when nothing is done any more.
    func stop()
}

extension MaintenanceThread {
    func start() -> Bool { thread.start() }
    func stop() { thread.stop() }
}
