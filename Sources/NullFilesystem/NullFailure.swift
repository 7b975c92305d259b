/// The reason why the null filesystem does not serve.
public enum NullFailure: Error, Equatable, Sendable, CustomStringConvertible {
    /// No memory for its file.
    case memory(errno: CInt)
    /// libfuse could not make a session, or could not mount; it has said why on standard error.
    case mount(path: String)
    /// A thread could not be started.
    case thread(errno: CInt)
    /// libfuse is older than 3.18, which brought FUSE-over-io_uring.
    case ringUnknown
    /// Requests do not come by io_uring though it was asked for.
    case ringRefused

    /// For people.
    public var description: String {
        switch self {
        case .memory(let errno): "no memory for the file (errno \(errno))"
        case .mount(let path): "cannot mount at \(path)"
        case .thread(let errno): "cannot start a thread (errno \(errno))"
        case .ringUnknown: "this libfuse knows no io_uring; it needs 3.18 (mount-scripts/setup)"
        case .ringRefused:
            "the kernel gives FUSE no io_uring; root may write Y to "
                + "/sys/module/fuse/parameters/enable_uring"
        }
    }
}
