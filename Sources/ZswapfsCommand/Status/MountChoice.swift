import LinuxSystem
import ZswapCore

/// Reads something of each mount that a command is to show: those that are named, or all.
enum MountChoice {
    /// What was read, and whether some mount did not answer. Of several mounts one that died, or
    /// went meanwhile, does not hide the others; it is told on standard error. Throws `badPath` for
    /// what is no mount, and when there is none at all unless that is an answer, too.
    static func read<Report>(
        _ named: [String], isNoneAnAnswer: Bool,
        _ read: (String) throws(SystemFailure) -> Report
    ) throws -> (reports: [Report], hasFailed: Bool) {
        let mounts = try mountPoints()
        guard isNoneAnAnswer || !mounts.isEmpty || !named.isEmpty else {
            throw CommandFailure(.badPath, "no zswapfs is mounted")
        }
        let chosen = try named.isEmpty ? mounts : named.map { try place($0, in: mounts) }
        var reports: [Report] = []
        var hasFailed = false
        for mount in chosen {
            do throws(SystemFailure) {
                reports.append(try read(mount))
            } catch {
                guard named.count != 1 else { throw CommandFailure(error) }
                StandardError.write("zswapfs: \(CommandFailure(error).message)")
                hasFailed = true
            }
        }
        return (reports, hasFailed)
    }

    /// The path, as the table has it, of the one mount that a command works on. Throws `badPath`
    /// for what is no mount.
    static func mountPoint(_ text: String) throws -> String {
        try place(text, in: try mountPoints())
    }

    private static func mountPoints() throws(SystemFailure) -> [String] {
        try MountTable.current().entries
            .filter { $0.type == AreaPath.mountType }.map(\.mountPoint)
    }

    /// The path of a mount as the table has it.
    private static func place(_ text: String, in mounts: [String]) throws -> String {
        let directory = try OpenFile(text, for: .locatingDirectory)
        defer { directory.close() }
        let path = try directory.canonicalPath()
        guard mounts.contains(where: { ByteText($0) == ByteText(path) }) else {
            throw CommandFailure(.badPath, "\(text): no zswapfs is mounted here")
        }
        return path
    }
}
