import LinuxSystem
import SystemPackage
import ZswapCore

/// The place that a path leads to, found without asking any zswapfs: the walk stops at the first
/// place that is on one. Only the mount's daemon knows the names below, and it may hang.
///
///     /mnt/z/area   ──>  on the mount at /mnt/z, with `area` to go
///     /mnt/z/..     ──>  /mnt: a mount was crossed, and is not needed
struct MountedPath {
    /// The mount that the path ends on, if that is a zswapfs.
    let mount: MountTable.Entry?
    /// The names below its root.
    let names: [String]
    /// Every zswapfs on the way, the last one included: opening the path asks all of them.
    let crossed: [MountTable.Entry]
    /// The path without symbolic links and dots.
    let canonicalPath: String
    /// Of what is on no zswapfs: whether it is a directory.
    let isDirectory: Bool

    /// Follows the path, relative to where this process stands or absolute. Throws what opening the
    /// places on the way throws.
    init(_ text: String) throws(SystemFailure) {
        guard !text.isEmpty else {
            throw SystemFailure(call: "open", errno: .noSuchFileOrDirectory, path: text)
        }
        let table = try MountTable.current()
        var crossed: [MountTable.Entry] = []
        var path =
            text.utf8.first == UInt8(ascii: "/")
            ? text : "\(try SystemText.currentDirectory())/\(text)"
        while true {
            var walk = try PathWalk(path)
            guard let mount = try Self.enterMount(&walk, table) else {
                self.crossed = crossed
                mount = nil
                names = []
                canonicalPath = try walk.place.canonicalPath()
                isDirectory = walk.status.kind == .directory
                return
            }
            crossed.append(mount)
            var inside: [String] = []
            guard let left = Self.leave(walk.remainingNames, &inside) else {
                self.crossed = crossed
                self.mount = mount
                names = inside
                canonicalPath = ([mount.mountPoint] + inside).joined(separator: "/")
                isDirectory = inside.isEmpty
                return
            }
            let above = ByteText.split(mount.mountPoint, at: "/").dropLast().map(String.init)
            path = "/" + (above + left).joined(separator: "/")
        }
    }

    /// Throws when a mount on the way to the path has a daemon that does not answer: opening the
    /// path would wait for it. Everything else is told by opening it. The value says whether all of
    /// these daemons live.
    @discardableResult
    static func requireAnswers(onTheWayTo text: String) throws(CommandFailure) -> Bool {
        guard let place = try? MountedPath(text) else { return true }
        var allLive = true
        for mount in place.crossed {
            do throws(QueryFailure) {
                let query = try MountQuery(mount)
                try query.confirm(by: .now.advanced(by: MountQuery.patience))
            } catch {
                if case .noAnswer = error { throw CommandFailure(error) }
                if case .died = error { allLive = false }
            }
        }
        return allLive
    }

    /// Goes on until the walk is on a zswapfs, and returns that; nil when it ends before.
    private static func enterMount(
        _ walk: inout PathWalk, _ table: MountTable
    ) throws(SystemFailure) -> MountTable.Entry? {
        let mounts = table.entries.filter { $0.type == AreaPath.mountType }
        repeat {
            let device = walk.status.identity.device
            guard let last = mounts.last(where: { $0.device == device }) else { continue }
            return try walk.place.mount(in: table) ?? last
        } while try walk.step()
        return nil
    }

    /// The names that are still to go after the one that leads out of a mount again; nil when they
    /// all stay in it: then `inside` is where they lead.
    private static func leave(_ names: [String], _ inside: inout [String]) -> [String]? {
        for (index, name) in names.enumerated() {
            if name != ".." {
                inside.append(name)
            } else if inside.popLast() == nil {
                return Array(names.dropFirst(index + 1))
            }
        }
        return nil
    }
}
