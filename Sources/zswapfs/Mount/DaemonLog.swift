import LinuxSystem
import Logging

/// Where a daemon's messages go: standard error in the foreground, syslog in the background. Only the main
/// thread writes any.
enum DaemonLog {
    static func make(isBackground: Bool, level: Logger.Level) -> Logger {
        if isBackground { SystemLog.open() }
        let handler: any LogHandler = isBackground ? SystemLogHandler() : StandardErrorHandler()
        var logger = Logger(label: "zswapfs") { _ in handler }
        logger.logLevel = level
        return logger
    }
}

/// swift-log to syslog(3), which adds time, name and process. Warnings and worse go to standard error too: it
/// is the caller's until the mount serves, and nobody's afterwards.
private struct SystemLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.notice

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        SystemLog.write("\(event.message)", Self.priority(event.level))
        if event.level >= .warning {
            StandardError.write("zswapfs: \(event.level): \(event.message)")
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

/// swift-log to standard error, a line a message: `zswapfs: warning: …`.
private struct StandardErrorHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.notice

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        StandardError.write("zswapfs: \(event.level): \(event.message)")
    }
}
