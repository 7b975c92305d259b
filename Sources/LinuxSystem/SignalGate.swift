import CLinux
import Glibc

/// The signals a daemon waits for on one thread, blocked everywhere else.
public enum SignalGate {
    /// What arrived.
    public enum Arrival: Equatable, Sendable {
        /// Somebody asks to stop: SIGTERM, SIGINT or SIGHUP, by name.
        case stop(String)
        /// A thread of this process asks to look around.
        case wake
        /// Nothing, for as long as was waited.
        case nothing
    }

    private static var signals: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in [SIGTERM, SIGINT, SIGHUP, SIGUSR1] { sigaddset(&set, signal) }
        return set
    }

    /// Blocks them in the calling thread and in all it will start, and ignores SIGPIPE. Before the
    /// first thread.
    public static func close() {
        var set = signals
        pthread_sigmask(SIG_BLOCK, &set, nil)
        signal(SIGPIPE, SIG_IGN)
    }

    /// Waits for one of them.
    public static func wait(seconds: Int) -> Arrival {
        var set = signals
        var timeout = timespec(tv_sec: seconds, tv_nsec: 0)
        switch sigtimedwait(&set, nil, &timeout) {
        case SIGTERM: return .stop("SIGTERM")
        case SIGINT: return .stop("SIGINT")
        case SIGHUP: return .stop("SIGHUP")
        case SIGUSR1: return .wake
        default: return .nothing
        }
    }

    /// Makes the waiting thread look around. From any thread.
    public static func wake() { kill(getpid(), SIGUSR1) }
}
