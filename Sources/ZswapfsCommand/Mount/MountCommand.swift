import ArgumentParser
import LinuxSystem
import Logging
import ZPool

/// `zswapfs mount`: serves a new, empty store at a directory.
struct MountCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mount", abstract: "Mount a new, empty zswapfs.",
        discussion: """
            Returns when the mount serves; the daemon goes on in the background and writes to \
            syslog. What the areas hold lives in memory and ends with the daemon.
            """)

    @Argument(help: "The directory to mount at.")
    var mountPoint: String

    @Option(
        name: .customShort("o"),
        help: ArgumentHelp(
            """
            Options: any file of /params that can be written (zpool=zbud, chain=4…16), \
            allow_other, arena=SIZE (the most memory the store may take), \
            transport=auto|uring|dev (how requests come), the kernel's noexec, suid, noatime and \
            the like. With remount: changes a mount that is there. May be repeated.
            """, valueName: "key=value,…"))
    var options: [String] = []

    @Flag(help: "Stay in the foreground and write messages to standard error.")
    var foreground = false

    @Option(
        help: ArgumentHelp(
            "Least severe messages to write: \(LogLevel.words).", valueName: "level"))
    var logLevel = LogLevel.notice

    @Option(help: .private)
    var readyDescriptor: Int32?

    /// Called by ``ZswapfsMain`` in place of `run`, which could not be told the drivers.
    func run(zpools: ZpoolRegistry) throws {
        try reportingFailures {
            let settings = try MountSettings(options, parameterNames: ParameterOptions.names)
            guard !settings.isRemount else { return try Remount(settings, at: mountPoint).run() }
            let path = try MountPoint.check(mountPoint)
            guard foreground || readyDescriptor != nil else { return try goToBackground(path) }
            let claim = try MountPoint.claim(path)
            // Under the lock: another may have mounted here meanwhile.
            _ = try MountPoint.check(mountPoint)
            var daemon = try Daemon(
                settings: settings, zpools: zpools, path: path, level: logLevel.level,
                isBackground: readyDescriptor != nil)
            claim?.close()
            daemon.run()
        }
    }

    private func goToBackground(_ path: String) throws {
        var arguments = ["mount", path, "--log-level", logLevel.rawValue]
        for text in options { arguments += ["-o", text] }
        arguments += ["--ready-descriptor", "\(Background.readyDescriptor)"]
        let status: Int32?
        do throws(SystemFailure) {
            status = try Background.start(arguments)
        } catch {
            throw CommandFailure(
                .unavailable, "\(error)\(ResourceNeeds.hint(error.errno))")
        }
        guard let status else { return }
        throw ExitCode(status == 0 ? ExitStatus.failure.rawValue : status)
    }
}

/// The words of `--log-level`.
enum LogLevel: String, ExpressibleByArgument, CaseIterable {
    case debug, info, notice, warning, error

    static let words = allCases.map(\.rawValue).joined(separator: ", ")

    var level: Logger.Level {
        switch self {
        case .debug: .debug
        case .info: .info
        case .notice: .notice
        case .warning: .warning
        case .error: .error
        }
    }
}
