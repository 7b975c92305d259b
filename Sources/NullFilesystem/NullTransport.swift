/// The transport of requests to the null filesystem: the ones that zswapfs has too.
public enum NullTransport: String, CaseIterable, Sendable {
    /// /dev/fuse, read by threads of our own.
    case dev
    /// FUSE-over-io_uring, by libfuse's threads.
    case uring
}
