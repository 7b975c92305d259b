import LinuxSystem
import Logging
import ZswapCore

/// A daemon's log: standard error in the foreground, as `zswapfs: warning: …`, and syslog in the
/// background, which adds time, name and process. Only the main thread writes messages.
///
/// Law: a message is one line. A path or a name in it may hold newlines, and must not look like
/// another message, nor reach a terminal as a command.
struct DaemonLog: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.notice
    private let isBackground: Bool

    /// A logger for a daemon.
    static func make(isBackground: Bool, level: Logger.Level) -> Logger {
        if isBackground { SystemLog.open() }
        var logger = Logger(label: "zswapfs") { _ in DaemonLog(isBackground: isBackground) }
        logger.logLevel = level
        return logger
    }

    private init(isBackground: Bool) { self.isBackground = isBackground }

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let line = ByteText("\(event.message)").printable
        if isBackground { SystemLog.write(line, Self.priority(event.level)) }
        // Standard error is the caller's until the mount serves, and /dev/null afterwards.
        if !isBackground || event.level >= .warning {
            StandardError.write("zswapfs: \(event.level): \(line)")
        }
    }

    private static func priority(_ level: Logger.Level) -> SystemLog.Priority {
        switch level {
        case .trace, .debug: .debug
        case .info: .information
        case .notice: .notice
        case .warning: .warning
        case .error: .error
        case .critical: .critical
        }
    }
}
