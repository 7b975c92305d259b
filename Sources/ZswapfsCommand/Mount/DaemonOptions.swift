import ArgumentParser

/// The options of a command that leaves a daemon or a supervisor behind.
///
///     mount … ── starts itself with --ready-descriptor ──► goes on in the background
///     mount … --foreground ──► is the daemon itself
struct DaemonOptions: ParsableArguments {
    @Flag(help: "Stay in the foreground and write messages to standard error.")
    var foreground = false

    @Option(
        help: ArgumentHelp(
            "Least severe messages to write: \(LogLevel.words).", valueName: "level"))
    var logLevel = LogLevel.notice

    @Option(help: .private)
    var readyDescriptor: Int32?

    /// Whether this process goes on itself, and does not start one that does.
    var goesOn: Bool { foreground || readyDescriptor != nil }

    /// The words that give a process the same options but for the place.
    var words: [String] { ["--log-level", logLevel.rawValue] }
}
