/// How a filesystem is mounted.
public struct MountOptions: Sendable {
    /// Other users than the one who mounts may use it.
    public var allowsOthers = false
    /// What stands as the source in the mount table.
    public var source = "zswapfs"
    /// Threads that serve; at least 1.
    public var threadCount = 2

    /// The defaults.
    public init() {}
}

/// Why mounting failed.
public enum MountError: Error, Equatable, Sendable {
    /// libfuse could not make a session.
    case session
    /// libfuse could not mount; it has said why on standard error.
    case mount(path: String)
    /// The kernel's first request did not come, or not as expected.
    case handshake
    /// A thread could not be started.
    case thread(errno: CInt)
    /// No more workers, or no memory for one.
    case worker
}
