import ArgumentParser
import LinuxSystem
import Logging
import SystemPackage
import ZswapCore

/// `zswapfs supervise`: a new supervisor for a mount that has lost its own.
struct SuperviseCommand: ParsableCommand {
    /// The server looks for a supervisor every few seconds.
    private static let patienceMilliseconds = 15_000

    static let configuration = CommandConfiguration(
        commandName: "supervise", abstract: "Put a new supervisor above a mount's daemon.",
        discussion: """
            For a mount whose supervisor was killed: its daemon serves on, and `zswapfs status` \
            says unsupervised. From then on another daemon takes over again when this one dies. \
            The next daemon is of the program that runs this command.
            """)

    @Argument(help: "Where it is mounted.")
    var mountPoint: String

    @Flag(help: "Stay in the foreground and write messages to standard error.")
    var foreground = false

    @Option(
        help: ArgumentHelp(
            "Least severe messages to write: \(LogLevel.words).", valueName: "level"))
    var logLevel = LogLevel.notice

    @Option(help: .private)
    var readyDescriptor: Int32?

    func run() throws {
        try reportingFailures {
            guard foreground || readyDescriptor != nil else {
                _ = try orphan()
                return try BackgroundCommand.start(
                    ["supervise", mountPoint, "--log-level", logLevel.rawValue])
            }
            let server = try orphan()
            let status = try Self.supervise(
                server, level: logLevel.level, isBackground: !foreground)
            if status != 0 { throw ExitCode(status) }
        }
    }

    /// The server, which has to have lost its supervisor.
    private func orphan() throws -> MountServer {
        let server = try MountServer(of: mountPoint)
        guard try server.text("stats/supervision") != Supervision.supervised.word else {
            throw CommandFailure(.inUse, "\(server.mountPoint): has a supervisor already")
        }
        let reason = try server.text("stats/supervision_reason")
        guard reason == Supervision.abandoned.reason else {
            throw CommandFailure(
                .unavailable,
                "\(server.mountPoint): cannot be supervised: \(reason); mount it without that")
        }
        return server
    }

    /// Supervises a server that has lost its supervisor.
    static func supervise(
        _ server: MountServer, level: Logger.Level, isBackground: Bool
    ) throws -> Int32 {
        let restartCount = Int(try server.text("stats/restarts")) ?? 0
        let arguments = try ProcessTable.arguments(of: server.process)
        guard let line = try line(to: server) else {
            throw CommandFailure(
                .unavailable,
                "\(server.mountPoint): its daemon (process \(server.process)) takes no supervisor")
        }
        let watch = try ProcessWatch(peerOf: line)
        let process = SupervisorProcess(
            arguments: SupervisorProcess.withoutDescriptor(arguments), level: level,
            isBackground: isBackground)
        return try process.run(.orphan(watch, restartCount: restartCount))
    }

    private static func line(to server: MountServer) throws -> DescriptorChannel? {
        let name = SupervisorLink.orphanName(ofServer: server.process)
        var line: DescriptorChannel?
        _ = try Patience.wait(milliseconds: Self.patienceMilliseconds) {
            line = try server.connect(to: name)
            return line != nil
        }
        return line
    }
}
