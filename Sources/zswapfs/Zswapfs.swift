import ArgumentParser
import ZswapCore

@main struct Zswapfs: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "zswapfs",
        abstract: "Swap areas whose pages are compressed in memory.",
        version: ProductVersion.text,
        subcommands: [MountCommand.self, UnmountCommand.self, SwapCommand.self, StatusCommand.self])
}
