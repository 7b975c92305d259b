import ArgumentParser
import LinuxSystem
public import ZPool
import ZswapCore
import ZswapVersion

/// `zswapfs` as a call: another package makes a program of it that knows more drivers.
///
///     @main struct MyZswapfs {
///         static func main() throws {
///             let zpools = ZpoolRegistry.standard()
///             try zpools.register(MyDriver())
///             ZswapfsMain.run(zpools: zpools)
///         }
///     }
///
/// Law: the drivers reach the command that mounts as an argument; nothing global holds them.
public enum ZswapfsMain {
    /// Runs the command that the arguments name, then ends the process. A mount in the background
    /// runs this very program again, so it knows the same drivers.
    public static func run(zpools: ZpoolRegistry) -> Never {
        if let word = ProgramArguments.firstUnreadable {
            StandardError.write("zswapfs: \(word): not UTF-8; names and paths are UTF-8 here")
            Zswapfs.exit(withError: ExitStatus.usage.exitCode)
        }
        ProcessLimits.settle()
        if let word = CommandLine.arguments.dropFirst().first, let command = Zswapfs.nearest(word) {
            StandardError.write("zswapfs: \(word): no such command; did you mean '\(command)'?")
            Zswapfs.exit(withError: ExitStatus.usage.exitCode)
        }
        StandardOutput.checkAtExit()
        do {
            switch try Zswapfs.parseAsRoot() {
            case let mount as MountCommand: try mount.run(zpools: zpools)
            case let start as StartCommand: try start.run(zpools: zpools)
            case let advise as AdviseCommand: try advise.run(zpools: zpools)
            case var other: try other.run()
            }
        } catch {
            Zswapfs.exit(withError: error)
        }
        Zswapfs.exit()
    }
}

/// The command `zswapfs`, the parent of all others.
struct Zswapfs: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "zswapfs",
        abstract: "Swap areas whose pages are compressed in memory.",
        version: BuiltVersion.text,
        subcommands: [
            MountCommand.self, UnmountCommand.self, SwapCommand.self, StatusCommand.self,
            TopCommand.self, PoolsCommand.self, AdviseCommand.self, SetCommand.self,
            GetCommand.self, StartCommand.self, StopCommand.self, UpgradeCommand.self,
            SuperviseCommand.self, DoctorCommand.self, ControlReaderCommand.self,
            GeneratorCommand.self,
        ])

    /// The command that a word was probably meant to be; nil when it is a command, an option, or
    /// near to none.
    static func nearest(_ word: String) -> String? {
        let commands = configuration.subcommands.map { $0.configuration }
        let names = commands.filter(\.shouldDisplay).flatMap {
            [$0.commandName].compactMap { $0 } + $0.aliases
        }
        let known = names + commands.compactMap(\.commandName)
        guard !word.hasPrefix("-"), !known.contains(word), word != "help" else { return nil }
        return NearestWord.of(word, in: names)
    }
}
