import ArgumentParser
import LinuxSystem
import SystemPackage
import ZswapCore

/// `zswapfs unmount`: takes a mount away, but never from under a swap area.
struct UnmountCommand: ParsableCommand {
    /// Longest time that a mount may take to leave the mount table.
    private static let goneMilliseconds = 10_000
    /// Longest time that files may stay open in it before that is an error.
    private static let busyMilliseconds = 1000

    static let configuration = CommandConfiguration(
        commandName: "unmount", abstract: "Unmount a zswapfs.",
        discussion: """
            Refuses while an area is swapped to or has a loop device, and says how to end that. \
            What the areas hold is gone afterwards.
            """,
        aliases: ["umount"])

    @Argument(help: "Where it is mounted.", completion: MountCompletion.mountPoints)
    var mountPoint: String

    func run() throws {
        try reportingFailures { try Self.unmount(at: mountPoint) }
    }

    /// Takes the mount at this path away. Throws, and leaves it, while something uses it.
    static func unmount(at text: String) throws {
        let mount = try mount(at: text)
        let users = try MountUsers(of: mount).lines
        guard users.isEmpty else {
            let lines = ["cannot unmount \(mount.mountPoint):"] + users
            throw CommandFailure(.inUse, lines.joined(separator: "\n  "))
        }
        try unmount(mount)
        guard Patience.wait(milliseconds: goneMilliseconds, until: { isGone(mount) }) else {
            throw CommandFailure(.failure, "\(mount.mountPoint): still mounted after 10 seconds")
        }
    }

    private static func isGone(_ mount: MountTable.Entry) -> Bool {
        guard let table = try? MountTable.current() else { return false }
        return table.entry(identifier: mount.identifier) == nil
    }

    /// The mount at this path. Throws when there is none, or another filesystem's.
    private static func mount(at text: String) throws -> MountTable.Entry {
        // Without asking the mount: one whose daemon does not answer can be unmounted, too.
        let place = try MountedPath(text)
        guard place.isDirectory || place.mount != nil else {
            throw SystemFailure(call: "open", errno: .notDirectory, path: text)
        }
        if let mount = place.mount, place.names.isEmpty { return mount }
        let path = ByteText(place.canonicalPath)
        let other = try MountTable.current().entries.last {
            ByteText($0.mountPoint) == path && $0.type != AreaPath.mountType
        }
        guard let other else {
            let lines = ["\(text): nothing is mounted here"] + (try UnmountedSwap.all().map(\.line))
            throw CommandFailure(.badPath, lines.joined(separator: "\n  "))
        }
        throw CommandFailure(
            .badPath, "\(text): \(other.type) is mounted here, not \(AreaPath.mountType)")
    }

    static func unmount(_ mount: MountTable.Entry) throws {
        do {
            try unmountWhenIdle(mount)
        } catch {
            switch error.errno {
            case .resourceBusy:
                throw CommandFailure(
                    .inUse,
                    "\(mount.mountPoint): a program has a file open there or stands in it (EBUSY); "
                        + "`fuser -vm \(mount.mountPoint)` tells which")
            case .notPermitted: try unmountAsUser(mount)
            default: throw error
            }
        }
    }

    /// A program that looks at all mounts, as `status` does, may have a file open for a moment.
    private static func unmountWhenIdle(_ mount: MountTable.Entry) throws(SystemFailure) {
        var failure: SystemFailure?
        _ = Patience.wait(milliseconds: busyMilliseconds) {
            do throws(SystemFailure) {
                try Unmounting.unmount(mount.mountPoint)
                failure = nil
            } catch {
                failure = error
            }
            return failure?.errno != .resourceBusy
        }
        if let failure { throw failure }
    }

    /// Users may unmount what they mounted, with libfuse's helper. Its own message says why not.
    private static func unmountAsUser(_ mount: MountTable.Entry) throws {
        guard let status = try? ChildProcess.run("fusermount3", ["-u", mount.mountPoint]) else {
            throw CommandFailure(
                .notPermitted,
                "\(mount.mountPoint): unmounting needs root, or fusermount3 of the package fuse3")
        }
        guard status == 0 else {
            throw CommandFailure(
                .inUse, "\(mount.mountPoint): fusermount3 -u ended with status \(status)")
        }
    }
}
