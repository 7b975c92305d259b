import CLinux
import Glibc

/// A daemon's signals: one thread waits for some, and all others that would end or stop the daemon
/// while it holds pages are ignored.
///
/// Law: what can still end it are SIGKILL, and the signals of its own faults (SIGILL, SIGTRAP,
/// SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS).
public enum SignalGate {
    /// The result of a wait.
    public enum Arrival: Equatable, Sendable {
        /// A signal that asks to stop: SIGTERM, SIGINT, SIGHUP or SIGQUIT, by name.
        case stop(String)
        /// A thread of this process asks the waiting thread to check its work.
        case wake
        /// No signal came in the given time.
        case nothing
    }

    private static var signals: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in [SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1] { sigaddset(&set, signal) }
        return set
    }

    /// Signals that a daemon ignores, besides those from ``firstRealTime`` on.
    private static let ignored = [
        SIGPIPE, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGIO, SIGPWR, SIGSTKFLT, SIGXCPU, SIGXFSZ,
        SIGTSTP, SIGTTIN, SIGTTOU,
    ]
    /// The C library keeps two of these for itself and sets a handler when it needs one.
    private static let firstRealTime: CInt = 32
    private static let last: CInt = 64

    /// Blocks what is waited for in the calling thread and in all it will start, and ignores what
    /// is ignored. Before the first thread.
    public static func close() {
        var set = signals
        pthread_sigmask(SIG_BLOCK, &set, nil)
        for number in ignored + Array(firstRealTime...last) { _ = clinux_ignore_signal(number) }
    }

    /// Waits for one of them.
    public static func wait(seconds: Int) -> Arrival {
        var set = signals
        var timeout = timespec(tv_sec: seconds, tv_nsec: 0)
        switch sigtimedwait(&set, nil, &timeout) {
        case SIGTERM: return .stop("SIGTERM")
        case SIGINT: return .stop("SIGINT")
        case SIGHUP: return .stop("SIGHUP")
        case SIGQUIT: return .stop("SIGQUIT")
        case SIGUSR1: return .wake
        default: return .nothing
        }
    }

    /// A descriptor that is readable while one of them waits, for poll(2); -1: there is none.
    static func openDescriptor() -> CInt {
        var set = signals
        return clinux_signal_descriptor(&set)
    }

    /// The next one that waits already, by number; nil: none.
    static func takeWaiting() -> CInt? {
        var set = signals
        var timeout = timespec(tv_sec: 0, tv_nsec: 0)
        let number = sigtimedwait(&set, nil, &timeout)
        return number > 0 ? number : nil
    }

    /// Forgets what waits: it was sent to a process that did not serve yet.
    public static func forgetWaiting() { while takeWaiting() != nil {} }

    /// Makes the waiting thread look around. From any thread.
    public static func wake() { kill(getpid(), SIGUSR1) }
}
