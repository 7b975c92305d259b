import LinuxSystem
import SystemPackage
import ZswapCore

/// A control file of a mount as `set` and `get` name it: a path below `params`, as in
/// `max_pool_percent` or `areas/swap/max_bytes`, or one that begins with `params` or `stats`.
///
/// Law: it never leaves these two directories.
struct ControlName {
    /// The mount point.
    let mountPoint: String
    /// The path below the root of the mount.
    let path: ByteText

    var file: String { ByteText(mountPoint).appending(path).text }

    /// The file that `name` names. Throws `badPath` when there is none. In `directories` it is
    /// looked for, in this order, if the name does not say in which it is.
    init(
        _ name: ByteText, at mountPoint: String, in directories: [ByteText] = ["params", "stats"]
    ) throws(CommandFailure) {
        self.mountPoint = mountPoint
        let components = name.components(separatedBy: "/")
        guard !components.contains(where: { ["", ".", ".."].contains($0) }) else {
            throw CommandFailure(.badPath, "\(name.printable): not a name of a control file")
        }
        let isWhole = components.count > 1 && ["params", "stats"].contains(components[0])
        let paths = isWhole ? [name] : directories.map { $0.appending(name) }
        for path in paths where try Self.isFile(ByteText(mountPoint).appending(path).text) {
            self.path = path
            return
        }
        let names = paths.map(\.printable).joined(separator: " or ")
        let known = directories.flatMap {
            SystemText.names(inDirectory: ByteText(mountPoint).appending($0).text)
        }
        let question = NearestWord.question(name.printable, in: known)
        throw CommandFailure(
            .badPath, "\(mountPoint): there is no control file \(names)\(question)")
    }

    private static func isFile(_ path: String) throws(CommandFailure) -> Bool {
        do throws(SystemFailure) {
            let file = try OpenFile(path, for: .locating)
            defer { file.close() }
            return try file.status().kind == .regular
        } catch {
            switch error.errno {
            case .noSuchFileOrDirectory, .notDirectory: return false
            default: throw CommandFailure(error)
            }
        }
    }
}
