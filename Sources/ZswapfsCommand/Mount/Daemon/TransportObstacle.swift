import FuseServer
import LinuxSystem

/// The reason why requests do not come by io_uring, and the remedy.
enum TransportObstacle: Error, Equatable {
    case asked
    case standard
    case noSwitch
    case switchIsOff(String)
    case server(RingObstacle)
    case stuck
    case noRoom(String)

    var text: String {
        switch self {
        case .asked:
            "asked for by transport=dev"
        case .standard:
            "the default; transport=uring serves by io_uring"
        case .noSwitch:
            "this kernel has no FUSE over io_uring; Linux 6.14 and later can have it"
        case .switchIsOff(let failure):
            "FUSE over io_uring is off and can't be switched on (\(failure)): root may write Y to"
                + " \(RingSwitch.path)"
        case .stuck:
            "the kernel waits for a queue of the ring that does not come"
        case .noRoom(let group):
            "the memory group \(group) has no room for the ring's buffers: raise its limit"
        case .server(let obstacle):
            Self.text(obstacle)
        }
    }

    private static func text(_ obstacle: RingObstacle) -> String {
        switch obstacle {
        case .library(let version):
            "built with libfuse \(version), and io_uring needs 3.18: run"
                + " mount-scripts/setup --with-io-uring and build again"
        case .processors(let configured, let possible):
            "the kernel wants queues for \(possible) possible processors, libfuse makes"
                + " \(configured): boot with possible_cpus=\(configured)"
        case .tooManyQueues(let count):
            "\(count) processors are more than this program has places for"
        case .refused:
            "the kernel refused a queue: kernel.io_uring_disabled must be 0, and more files allowed"
                + " (ulimit -n)"
        }
    }
}

/// The values of `-o transport=`.
enum TransportChoice: String, CaseIterable {
    /// The default: /dev/fuse.
    case auto
    /// io_uring; the mount fails without it.
    case uring
    /// /dev/fuse.
    case dev
}
