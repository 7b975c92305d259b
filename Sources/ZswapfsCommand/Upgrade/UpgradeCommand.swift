import ArgumentParser
import LinuxSystem
import SystemPackage
import ZswapCore

/// `zswapfs upgrade`: another version of the program takes a mount over, with all that it holds.
struct UpgradeCommand: ParsableCommand {
    /// Three stages of the supervisor's and a moment.
    private static let patienceMilliseconds = 100_000

    static let configuration = CommandConfiguration(
        commandName: "upgrade", abstract: "Have another version serve a mount.",
        discussion: """
            The new version says first whether it can read what the mount holds; if not, nothing \
            changes. Then it takes over, with areas, open files, swap and settings; programs wait \
            for some milliseconds. If it ends within its first second, the version before goes on. \
            The mount has to be supervised (`zswapfs supervise`).
            """)

    @Argument(help: "Where it is mounted.", completion: MountCompletion.mountPoints)
    var mountPoint: String

    @Option(
        help: "The program to take over. (default: the one that runs this command)",
        completion: .file())
    var binary: String?

    func run() throws {
        try reportingFailures { try upgrade() }
    }

    private func upgrade() throws {
        let program = try program()
        let server = try MountServer(of: mountPoint)
        let name = Supervisor.requestName(ofServer: server.process)
        guard let line = try server.connect(to: name) else {
            let reason = try server.query.text("stats/supervision_reason")
            let help = "`zswapfs supervise \(server.mountPoint)` puts one above its daemon"
            throw CommandFailure(
                .unavailable,
                "\(server.mountPoint): has no supervisor, so no version can take over: \(reason)"
                    + (reason == Supervision.abandoned.reason ? "; \(help)" : ""))
        }
        try line.send(
            SupervisorMessage.upgrade.bytes, passing: program.descriptor,
            waiting: Self.patienceMilliseconds)
        switch answer(on: line) {
        case .upgraded?: return
        case .refused(let reason)?:
            throw CommandFailure(
                .failure,
                "\(server.mountPoint): \(program.path) did not take over: \(reason); the version "
                    + "before serves on")
        default:
            throw CommandFailure(
                .failure,
                "\(server.mountPoint): its supervisor gives no answer; `zswapfs status` tells who "
                    + "serves")
        }
    }

    /// The program as an open file: what it is when this command is typed is what runs later.
    private func program() throws -> OpenFile {
        let path = binary ?? "/proc/self/exe"
        let file = try OpenFile(path, for: .reading)
        guard try file.status().kind == .regular, file.isExecutable else {
            throw CommandFailure(.badPath, "--binary \(path): not a program that can be run")
        }
        return file
    }

    private func answer(on line: DescriptorChannel) -> SupervisorMessage? {
        _ = DescriptorWait.readable([line.descriptor], milliseconds: Self.patienceMilliseconds)
        guard case .packet(let bytes, _) = line.receive() else { return nil }
        return SupervisorMessage(bytes)
    }
}
