/// A way of getting requests from the kernel and answers back. The operations behind it are the
/// same.
protocol Transport: Sendable {
    var kind: TransportKind { get }
    /// Answers the kernel's first request, on the calling thread; from then on the mount serves.
    func shakeHands() throws(MountError)
    /// Starts serving on threads of its own.
    func start() throws(MountError)
    /// Waits until the mount is gone and every thread has ended.
    func join()
    /// Whether every thread has ended.
    var isFinished: Bool { get }
}
