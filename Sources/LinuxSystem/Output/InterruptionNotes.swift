import CLinux
import Glibc
import Synchronization

/// Signals that ask a command to end, noted instead of ending it: it says how things stand first.
/// A system call that waits still ends with EINTR.
public enum InterruptionNotes {
    private static let noted = Atomic<CInt>(0)
    private static let names: [(signal: CInt, name: String)] = [
        (SIGINT, "SIGINT"), (SIGTERM, "SIGTERM"), (SIGHUP, "SIGHUP"), (SIGQUIT, "SIGQUIT"),
    ]

    /// Notes them from here on. A signal that is ignored, as under nohup, stays ignored.
    public static func begin() {
        _ = noted.load(ordering: .relaxed)
        for (signal, _) in names {
            guard !isIgnored(signal) else { continue }
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { number in
                InterruptionNotes.noted.store(number, ordering: .relaxed)
            }
            sigaction(signal, &action, nil)
        }
    }

    /// Whether this process ignores a signal, as its parent may have told it to.
    static func isIgnored(_ signal: CInt) -> Bool {
        var action = sigaction()
        sigaction(signal, nil, &action)
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    /// The last one that came, by name; nil while none did.
    public static var signal: String? {
        let number = noted.load(ordering: .relaxed)
        return names.first { $0.signal == number }?.name
    }
}
