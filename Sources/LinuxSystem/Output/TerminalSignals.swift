import CLinux
import Glibc

/// The signals that concern a program with a screen of its own, held back until it asks: it gives
/// the terminal back before it ends or is stopped.
///
/// Law: a signal that the parent ignores, as under nohup, stays ignored. For a process of one
/// thread.
public final class TerminalSignals {
    /// The meaning of a signal.
    public enum Arrival: Equatable, Sendable {
        /// The process is to end, by this signal.
        case end(CInt)
        /// It is to stop until it is continued.
        case stop
        /// It was continued, or the terminal has another size: all is to be drawn again.
        case redraw
    }

    private static let ends = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]
    private let set: sigset_t
    /// Readable while one of them waits; -1 where the kernel refuses a descriptor.
    public let descriptor: CInt

    /// Holds them back from here on.
    public init() {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in Self.ends + [SIGTSTP, SIGCONT, SIGWINCH]
        where !InterruptionNotes.isIgnored(signal) { sigaddset(&set, signal) }
        sigprocmask(SIG_BLOCK, &set, nil)
        self.set = set
        descriptor = clinux_signal_descriptor(&set)
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// The next one that waits; nil: none.
    public func next() -> Arrival? {
        var set = set
        var timeout = timespec(tv_sec: 0, tv_nsec: 0)
        let number = sigtimedwait(&set, nil, &timeout)
        guard number > 0 else { return nil }
        if Self.ends.contains(number) { return .end(number) }
        return number == SIGTSTP ? .stop : .redraw
    }

    /// Stops this process as Ctrl-Z does; returns when it is continued.
    public func stop() {
        raise(SIGTSTP)
        var only = sigset_t()
        sigemptyset(&only)
        sigaddset(&only, SIGTSTP)
        sigprocmask(SIG_UNBLOCK, &only, nil)
        sigprocmask(SIG_BLOCK, &only, nil)
    }

    /// Ends this process by a signal, so that its parent sees why.
    public func end(by number: CInt) -> Never {
        var set = set
        signal(number, SIG_DFL)
        raise(number)
        sigprocmask(SIG_UNBLOCK, &set, nil)
        _exit(128 + number)
    }
}
