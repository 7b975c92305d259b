import LinuxSystem
import SystemPackage
import ZswapCore

/// A path that names an area, which may not exist yet: a file in the root of a mounted zswapfs.
struct AreaPath: Equatable {
    /// The type of our mounts in /proc/self/mountinfo.
    static let mountType = "fuse.zswapfs"
    /// Names in the root of a mount that are not areas.
    static let reservedNames = ["params", "stats"]

    /// Absolute, without symbolic links.
    let path: String
    /// The area's name.
    let name: String
    /// The mount that it lies on.
    let mount: MountTable.Entry

    /// Finds out what `text` names. Throws when that cannot be an area, saying what it is instead.
    init(resolving text: String) throws {
        try MountedPath.requireAnswers(onTheWayTo: text)
        do {
            path = try Self.canonicalPath(text)
        } catch {
            throw Self.failure(text, error)
        }
        name = Self.split(path).name
        mount = try Self.checkedMount(path, name)
    }

    /// Absolute and without symbolic links, for a file that may still be missing.
    static func canonicalPath(_ text: String) throws(SystemFailure) -> String {
        do {
            let file = try OpenFile(text, for: .locating)
            defer { file.close() }
            return try file.canonicalPath()
        } catch {
            guard error.errno == .noSuchFileOrDirectory, !text.isEmpty,
                !ByteText(text).hasSuffix("/")
            else {
                throw error
            }
            let parts = split(text)
            let directory = try OpenFile(parts.directory, for: .locatingDirectory)
            defer { directory.close() }
            let parent = try directory.canonicalPath()
            return ByteText(parent).appending(ByteText(parts.name)).text
        }
    }

    private static func split(_ path: String) -> (directory: String, name: String) {
        let (directory, name) = ByteText(path).directoryAndName
        return (directory?.text ?? ".", name.text)
    }

    private static func checkedMount(
        _ path: String, _ name: String
    ) throws -> MountTable.Entry {
        let parent = split(path).directory
        let directory = try OpenFile(parent, for: .locatingDirectory)
        // A mount point is a directory of the mount above; what counts is what the path leads to.
        let holder = (try? OpenFile(path, for: .locating)) ?? directory
        guard let mount = try holder.mount(in: try MountTable.current()) else {
            throw CommandFailure(.badPath, "\(path): cannot tell which mount it lies on")
        }
        guard mount.type == mountType else {
            throw CommandFailure(
                .badPath,
                "\(path): lies on \(mount.mountPoint), which is \(mount.type) and not "
                    + "\(mountType); swap areas are files of a mounted zswapfs")
        }
        guard ByteText(path) != ByteText(mount.mountPoint) else {
            throw CommandFailure(.badPath, "\(path): is the mount point; name a file in it")
        }
        guard ByteText(parent) == ByteText(mount.mountPoint) else {
            throw CommandFailure(
                .badPath, "\(path): not an area; areas lie directly in \(mount.mountPoint)")
        }
        guard !reservedNames.contains(name) else {
            throw CommandFailure(
                .badPath,
                "\(path): the names params and stats are kept for control files; name another file")
        }
        return mount
    }

    /// Throws when the daemon of the mount runs as a user who could read what is swapped there.
    func checkDaemonIsRoots() throws(CommandFailure) {
        guard let userID = mount.userID, userID != 0 else { return }
        throw CommandFailure(
            .notPermitted,
            "\(path): the daemon of \(mount.mountPoint) belongs to user \(userID), who could read "
                + "what is swapped there; swap to an area of a zswapfs that root has mounted")
    }

    private static func failure(_ text: String, _ failure: SystemFailure) -> CommandFailure {
        switch failure.errno {
        case .noSuchFileOrDirectory where ByteText(text).hasSuffix("/"):
            return CommandFailure(.badPath, "\(text): an area is a file, not a directory")
        case .noSuchFileOrDirectory:
            return CommandFailure(.badPath, "\(text): no such directory (\(failure.path))")
        case .notDirectory:
            return CommandFailure(.badPath, "\(text): \(failure.path) is not a directory")
        case .socketNotConnected:
            return CommandFailure(
                .badPath, "\(text): the daemon of this mount has ended; unmount and mount it again")
        default:
            return CommandFailure(failure)
        }
    }
}
