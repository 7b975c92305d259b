import ArgumentParser
import LinuxSystem
import SystemPackage
import ZswapCore

/// `zswapfs get`: what a control file says.
struct GetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Print a parameter or a statistic of a mount.")

    @Argument(help: "Where it is mounted.", completion: MountCompletion.mountPoints)
    var mountPoint: String

    @Argument(
        help: "A file of params or stats: max_pool_percent, stored_pages, areas/swap/max_bytes.",
        completion: ParameterCompletion.names)
    var name: String

    func run() throws {
        try reportingFailures {
            let mount = try MountChoice.mountPoint(mountPoint)
            let control = try ControlName(ByteText(name), at: mount)
            print(try Self.text(of: control))
        }
    }

    private static func text(of control: ControlName) throws -> String {
        do throws(SystemFailure) {
            return try ControlFile.text(control.mountPoint, control.path.text)
        } catch {
            guard error.errno == .permissionDenied else { throw error }
            throw CommandFailure(
                .badPath, "\(control.mountPoint): \(control.path.printable) can only be written")
        }
    }
}
