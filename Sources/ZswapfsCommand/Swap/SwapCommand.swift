import ArgumentParser
import LinuxSystem
import ZswapCore

/// `zswapfs swap`: swap to an area, and no longer.
struct SwapCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "swap", abstract: "Swap to an area, or stop swapping to it.",
        subcommands: [SwapOn.self, SwapOff.self])

    /// Throws unless this process may switch swap on and off.
    static func checkPrivileges() throws {
        guard Privileges.includeSystemAdministration else {
            throw CommandFailure(
                .notPermitted, "switching swap needs root (CAP_SYS_ADMIN); try again with sudo")
        }
    }
}
