import ArgumentParser

/// `zswapfs supervise`: a new supervisor for a mount that has lost its own.
struct SuperviseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "supervise", abstract: "Put a new supervisor above a mount's daemon.",
        discussion: """
            For a mount whose supervisor was killed: its daemon serves on, and `zswapfs status` \
            says unsupervised. From then on another daemon takes over again when this one dies. \
            The next daemon is of the program that runs this command.
            """)

    @Argument(help: "Where it is mounted.", completion: MountCompletion.mountPoints)
    var mountPoint: String

    @OptionGroup var running: DaemonOptions

    func run() throws {
        try reportingFailures {
            guard running.goesOn else {
                return try BackgroundCommand.start(["supervise", mountPoint] + running.words)
            }
            try OrphanedServer(try orphan()).supervise(running)
        }
    }

    /// The server, which has to have lost its supervisor.
    private func orphan() throws -> MountServer {
        let server = try MountServer(of: mountPoint)
        guard try server.query.text("stats/supervision") != Supervision.supervised.word else {
            throw CommandFailure(.inUse, "\(server.mountPoint): has a supervisor already")
        }
        let reason = try server.query.text("stats/supervision_reason")
        // The text of another version is no reason to refuse: whether it takes one, it shows.
        guard ![Supervision.declined, .standard, .ring].map(\.reason).contains(reason) else {
            throw CommandFailure(
                .unavailable,
                "\(server.mountPoint): cannot be supervised: \(reason); mount it without that")
        }
        return server
    }
}
