import CFuse
import Glibc
import ZswapCore

/// FUSE over io_uring as libfuse does it: a queue for each processor, served by a thread of libfuse
/// that stays on that processor, so that the hand-over from the program that asks need not cross
/// to another one.
///
///     processor 0: program ─► queue 0 (depth × 1 MiB) ─► fuse-ring-0 ─► Callbacks
///     processor 1: program ─► queue 1 (depth × 1 MiB) ─► fuse-ring-1 ─► Callbacks
///     forgets, interrupts ─► /dev/fuse ─► DeviceTransport
///
/// Law: the kernel serves by the ring only when every possible processor has a queue; until then
/// it holds all requests back. So a ring that could not become whole is never asked for.
///
/// Price: `depth` × 1 MiB of locked memory for each processor.
public enum Ring {
    /// Requests one processor may have in its queue: 8, less where there are many processors.
    static var depth: Int { max(2, min(8, 128 / queueCount)) }

    /// Queues, and threads, that libfuse makes: one for each processor the system is set up with.
    static var queueCount: Int { max(Int(sysconf(CInt(_SC_NPROCESSORS_CONF))), 1) }

    /// The parts of the ring, in words.
    public static var summary: String {
        "libfuse \(libfuseVersion), a queue of \(depth) requests for each of \(queueCount)"
            + " processors"
    }

    /// The version of the libfuse that was built with.
    static var libfuseVersion: String {
        fuse_pkgversion().map { String(cString: $0) } ?? "unknown"
    }

    static var libfuseOptions: String { "io_uring,io_uring_q_depth=\(depth)" }

    /// Stack of a ring thread, in bytes; libfuse would take the system's 8 MiB, locked.
    private static let stackByteCount = 256 << 10

    /// Runs `body`, in which libfuse starts its ring threads, with small stacks as the default.
    static func withSmallStacks<Failure: Error>(
        _ body: () throws(Failure) -> Void
    ) throws(Failure) {
        var before = pthread_attr_t()
        var small = pthread_attr_t()
        pthread_getattr_default_np(&before)
        pthread_attr_init(&small)
        pthread_attr_setstacksize(&small, stackByteCount)
        pthread_setattr_default_np(&small)
        defer {
            pthread_setattr_default_np(&before)
            pthread_attr_destroy(&small)
            pthread_attr_destroy(&before)
        }
        try body()
    }
}

/// The transport of requests from the kernel.
public enum TransportKind: Sendable {
    /// read(2) and writev(2) on /dev/fuse, with any libfuse from 3.14.
    case device
    /// FUSE over io_uring, with libfuse from 3.18.
    case ring

    /// As `stats/transport` shows it.
    public var name: String {
        switch self {
        case .device: "/dev/fuse"
        case .ring: "io_uring"
        }
    }
}

/// The reason why requests cannot come by io_uring.
public enum RingObstacle: Error, Equatable, Sendable {
    /// This program was built with a libfuse before 3.18.
    case library(version: String)
    /// libfuse makes a queue for each of `configured` processors; the kernel wants one for each of
    /// the `possible` ones.
    case processors(configured: Int, possible: Int)
    /// More queues than there are places for workers.
    case tooManyQueues(Int)
    /// Set up, and still requests do not come by it: the kernel, or a limit of this process,
    /// refused a queue.
    case refused

    /// The obstacle in this program or this machine; nil when a ring can be asked for.
    public static func find(possibleProcessorCount: Int, workersMax: Int) -> RingObstacle? {
        guard cfuse_has_ring() else {
            return .library(version: Ring.libfuseVersion)
        }
        guard Ring.queueCount == possibleProcessorCount else {
            return .processors(configured: Ring.queueCount, possible: possibleProcessorCount)
        }
        guard Ring.queueCount <= workersMax else { return .tooManyQueues(Ring.queueCount) }
        return nil
    }
}
