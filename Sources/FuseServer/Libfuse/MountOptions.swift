/// The options of a mount.
public struct MountOptions: Sendable {
    /// Users other than the mounting one may use the mount.
    public var allowsOthers = false
    /// The source in the mount table.
    public var source = "zswapfs"
    /// Flags of the mount as libfuse knows them: `noexec`.
    public var flagWords: [String] = []
    /// Threads that serve /dev/fuse; at least 1. More are made, for when these wait for a device.
    public var threadCount = 2
    /// Threads that take a part of large requests off those; may be 0.
    public var helperCount = 1
    /// The number of the server among those of the mount: 0 for the first, one more than its
    /// predecessor's for one that takes the mount over.
    public var generation = 0
    /// The transport of requests. With ``TransportKind/ring``, requests that the ring does not
    /// carry still come by /dev/fuse.
    public var transport = TransportKind.device

    /// The defaults.
    public init() {}
}

/// The reason why mounting failed.
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
    /// The kernel waits for a queue of the ring that never comes, and holds all requests back.
    case stuckRing
    /// The saved bytes of the kernel's first request are not an INIT request.
    case malformedHandshake
    /// The descriptor to take over is not one of /dev/fuse (ENOTTY), or cannot be used.
    case descriptor(errno: CInt)
    /// A mount that is served by io_uring cannot be taken over: its requests end with its server.
    case ringTakeOver
}
