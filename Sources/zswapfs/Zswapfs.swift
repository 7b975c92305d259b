import ArgumentParser

@main struct Zswapfs: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "zswapfs",
        abstract: "Swap areas whose pages are compressed in memory.",
        subcommands: [SwapCommand.self, UnmountCommand.self])
}
