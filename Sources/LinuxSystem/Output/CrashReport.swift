import CLinux
import Glibc
import ZswapCore

/// Tells why a daemon ends by a bug or a fault, and lets it end at once.
///
///     failed check ──> "a bug: MESSAGE (FILE:LINE), thread NAME"    ─┐
///     SIGSEGV, …   ──> "ended by SIGSEGV at program offset 0x12af4…" ─┴─> /dev/log, standard error
///                      └── default action: the kernel ends all threads
///
/// Law: nothing here waits or allocates: programs whose pages are in this daemon must be told soon
/// that it is gone. So no core file is written, which would keep the mount half alive, and the
/// runtime's own backtrace, which would stop all threads first, is replaced.
public enum CrashReport {
    /// Signals of a process's own faults.
    private static let faults: [(number: CInt, name: StaticString)] = [
        (SIGILL, "SIGILL"), (SIGTRAP, "SIGTRAP"), (SIGABRT, "SIGABRT"), (SIGBUS, "SIGBUS"),
        (SIGFPE, "SIGFPE"), (SIGSEGV, "SIGSEGV"), (SIGSYS, "SIGSYS"),
    ]
    private static let logPath: StaticString = "/dev/log"
    /// LOG_DAEMON | LOG_CRIT, as syslog(3) writes them.
    private static let priority: StaticString = "<26>zswapfs["

    /// The socket for the log, open from the start: there may be no file left to open later. -1: to
    /// standard error only. Written before there are threads.
    private nonisolated(unsafe) static var logSocket: CInt = -1

    /// From now on faults are told; to the system's log as well when `usesLog`. Before there are
    /// threads.
    public static func install(usesLog: Bool) {
        if usesLog {
            logSocket = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        }
        ProcessLimits.forbidCoreFiles()
        Bug.setReporter { message, file, line in
            tell { text in
                text.append("a bug: ")
                text.append(message)
                text.append(" (")
                text.append(file)
                text.append(":")
                text.append(line)
                text.append(")")
            }
            // All has been told.
            signal(SIGILL, SIG_DFL)
            clinux_trap()
        }
        for (number, _) in faults {
            var action = sigaction()
            action.__sigaction_handler.sa_sigaction = { number, information, context in
                CrashReport.handle(number, information, context)
            }
            // Back to the default action with the first one: the next fault ends the process.
            action.sa_flags = SA_SIGINFO | SA_ONSTACK | CInt(bitPattern: UInt32(SA_RESETHAND))
            sigaction(number, &action, nil)
        }
    }

    private static func handle(
        _ number: CInt, _ information: UnsafeMutablePointer<siginfo_t>?,
        _ context: UnsafeMutableRawPointer?
    ) {
        tell { text in
            text.append("ended by ")
            for fault in faults where fault.number == number { text.append(fault.name) }
            if let information, information.pointee.si_code <= 0 {
                text.append(" from process ")
                text.append(UInt(clinux_sender(information)))
            } else {
                text.append(" at ")
                appendPlace(clinux_fault_place(context), to: &text)
            }
        }
        // Blocked until the handler returns, and then on its way.
        raise(number)
    }

    /// `addr2line -e zswapfs OFFSET` tells the line.
    private static func appendPlace(_ address: UInt, to text: inout FixedText) {
        let program = clinux_program_start()..<clinux_program_end()
        if program.contains(address) {
            text.append("program offset ")
            text.append(hexadecimal: address - program.lowerBound)
        } else {
            text.append("address ")
            text.append(hexadecimal: address)
        }
    }

    /// Writes one line, with the name of the thread.
    private static func tell(_ body: (inout FixedText) -> Void) {
        FixedText.withNew { text in
            text.append(priority)
            text.append(UInt(getpid()))
            text.append("]: ")
            let start = text.byteCount
            body(&text)
            text.append(", thread ")
            text.appendThreadName()
            send(text)
            text.append("\n")
            text.write(to: STDERR_FILENO, from: start)
        }
    }

    private static func send(_ text: borrowing FixedText) {
        guard logSocket >= 0 else { return }
        text.send(to: logSocket, at: logPath)
    }
}
