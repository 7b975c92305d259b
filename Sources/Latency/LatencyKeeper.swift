import Threads

/// The thread behind a ``LatencyControl``.
public final class LatencyKeeper: Sendable {
    private let control: LatencyControl
    private let thread: BackgroundThread

    /// A thread that is not running yet.
    public init(of control: LatencyControl) {
        self.control = control
        thread = BackgroundThread(name: "zswapfs-awake") { control.run($0) }
    }

    /// Starts; false when the system has no thread.
    public func start() -> Bool { thread.start() }

    /// Ends; returns when nothing is held any more.
    public func stop() { thread.stop(wakingElse: control.pulse.listener.ring) }
}
