import ArgumentParser
import LinuxSystem
import ZswapCore

/// `zswapfs systemd-generator`: what the generator of systemd runs when the machine boots, and when
/// its manager reloads.
///
///     DIR/swap.target.wants/zswapfs@main.service      for each mount that starts at boot
///     DIR/zswapfs@main.service.d/paths.conf           the filesystems that it needs
///
/// Law: a mistake in the file makes no unit, and ends with status 64.
struct GeneratorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "systemd-generator", abstract: "Make units of the configuration file.",
        shouldDisplay: false)

    @Argument(help: "The folder for units.")
    var directory: String

    @Option(help: "The path of zswapfs@.service.")
    var unit: String

    @OptionGroup var configuration: ConfigurationOptions

    func run() throws {
        try reportingFailures {
            for plan in try configuration.plans() {
                let name = "zswapfs@\(plan.name).service"
                try FileMaking.makeDirectory("\(directory)/\(name).d")
                try FileMaking.makeFile(
                    "\(directory)/\(name).d/paths.conf", text: Self.dropIn(of: plan))
                guard plan.startsAtBoot else { continue }
                try FileMaking.makeDirectory("\(directory)/swap.target.wants")
                try FileMaking.makeLink("\(directory)/swap.target.wants/\(name)", to: unit)
            }
        }
    }

    /// Mounted after the filesystem of its directory and that of its backing store.
    static func dropIn(of plan: MountPlan) -> String {
        let paths = ([plan.mountPoint] + [plan.backing].compactMap { $0 }).map(quoted)
        return "# Made by zswapfs-generator of zswapfs.conf.\n[Unit]\n"
            + "RequiresMountsFor=\(paths.joined(separator: " "))\n"
    }

    /// A path as units have it: in quotes, a percent sign doubled.
    private static func quoted(_ path: String) -> String {
        let escapes = ["\\": "\\\\", "\"": "\\\"", "%": "%%"]
        return "\"" + path.unicodeScalars.map { escapes[String($0)] ?? String($0) }.joined() + "\""
    }
}
