import ArgumentParser

@main struct Zswapfs: ParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "zswapfs",
        abstract: "Swap areas whose pages are compressed in memory.",
        version: version,
        subcommands: [MountCommand.self, UnmountCommand.self, SwapCommand.self, StatusCommand.self])
}
