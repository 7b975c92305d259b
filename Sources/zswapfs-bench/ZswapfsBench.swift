import ArgumentParser

/// `zswapfs-bench`: measures zswapfs against its floor and against its peers.
@main struct ZswapfsBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "zswapfs-bench",
        abstract: "Measure zswapfs against its floor and against its peers.",
        subcommands: [
            PagesCommand.self, ScaleCommand.self, IOCommand.self, SwapCommand.self,
            NullCommand.self, ProgramCommand.self,
        ])
}
