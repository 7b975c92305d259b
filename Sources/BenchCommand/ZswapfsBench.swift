import ArgumentParser
public import ZPool
import ZswapVersion

/// `zswapfs-bench` as a call: another package makes a program of it that measures its own drivers
/// beside the project's.
///
/// Law: the drivers reach the commands that make stores as an argument; nothing global holds them.
public enum BenchMain {
    /// Runs the command that the arguments name, then ends the process.
    public static func run(zpools: ZpoolRegistry) -> Never {
        do {
            switch try ZswapfsBench.parseAsRoot() {
            case let command as any DriverCommand: try command.run(zpools: zpools)
            case var other: try other.run()
            }
        } catch {
            ZswapfsBench.exit(withError: error)
        }
        ZswapfsBench.exit()
    }
}

/// The command `zswapfs-bench`, the parent of all others.
struct ZswapfsBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "zswapfs-bench",
        abstract: "Measure zswapfs against its floor and against its peers.",
        version: BuiltVersion.text,
        subcommands: [
            PagesCommand.self, CheckCommand.self, AllocateCommand.self, DensityCommand.self,
            ScaleCommand.self, MigrateCommand.self,
            IOCommand.self, SwapCommand.self, EvictionCommand.self,
            NullCommand.self, ProgramCommand.self,
        ])
}

/// A command that measures drivers, whichever the program knows.
protocol DriverCommand: ParsableCommand {
    func run(zpools: ZpoolRegistry) throws
}
