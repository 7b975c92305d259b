import CLinux

/// syslog(3), for a daemon without a terminal.
public enum SystemLog {
    /// The importance of a line; the kernel's own scale.
    public enum Priority: CInt, Sendable {
        /// LOG_CRIT
        case critical = 2
        /// LOG_ERR
        case error = 3
        /// LOG_WARNING
        case warning = 4
        /// LOG_NOTICE
        case notice = 5
        /// LOG_INFO
        case information = 6
        /// LOG_DEBUG
        case debug = 7
    }

    /// Opens the log under the program's name, with its process id, as a daemon.
    public static func open() { clinux_open_log("zswapfs") }

    /// Writes a line.
    public static func write(_ line: String, _ priority: Priority) {
        clinux_log(priority.rawValue, line)
    }
}
