import Glibc

/// The end of a process, as waitpid(2) tells it.
public enum ProcessEnding: Equatable, Sendable {
    /// By itself, with this status.
    case exited(CInt)
    /// By this signal.
    case killed(CInt)
    /// In a way that its parent only knows.
    case unknown

    private static let names: [CInt: String] = [
        SIGKILL: "SIGKILL", SIGSEGV: "SIGSEGV", SIGABRT: "SIGABRT", SIGILL: "SIGILL",
        SIGTRAP: "SIGTRAP", SIGBUS: "SIGBUS", SIGFPE: "SIGFPE", SIGSYS: "SIGSYS",
        SIGTERM: "SIGTERM", SIGINT: "SIGINT", SIGHUP: "SIGHUP", SIGQUIT: "SIGQUIT",
    ]

    init(waitStatus word: CInt) {
        let signal = word & 0x7f
        self = signal == 0 ? .exited(word >> 8 & 0xff) : .killed(signal)
    }

    /// The exit status that a shell would give.
    public var status: CInt {
        switch self {
        case .exited(let status): status
        case .killed(let signal): 128 + signal
        case .unknown: 1
        }
    }

    /// For people: `SIGKILL`, `status 69`, `an unknown cause`.
    public var text: String {
        switch self {
        case .exited(let status): "status \(status)"
        case .killed(let signal): Self.names[signal] ?? "signal \(signal)"
        case .unknown: "an unknown cause"
        }
    }
}
