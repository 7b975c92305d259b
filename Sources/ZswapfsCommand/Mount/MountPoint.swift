import LinuxSystem
import SystemPackage
import ZswapCore

/// The directory to mount at, looked at before anything is made.
enum MountPoint {
    /// Where the kernel's FUSE is.
    private static let fuseDevice = "/dev/fuse"
    /// Its number: a misc device, 229 of these (MISC_MAJOR, FUSE_MINOR).
    private static let fuseDeviceNumber = DeviceNumber(major: 10, minor: 229)

    /// The directory's canonical path. Throws with what is wrong with it, or with the machine.
    static func check(_ text: String) throws -> String {
        let path: String
        do {
            path = try canonicalPath(text)
        } catch {
            throw failure(error, text)
        }
        let mounts = try MountTable.current()
        if mounts.entries.contains(where: {
            ByteText($0.mountPoint) == ByteText(path) && $0.type == AreaPath.mountType
        }) {
            // Its path may still be known to the kernel when nobody serves it any more.
            do {
                try OpenFile(path, for: .reading).close()
            } catch {
                throw failure(error, text)
            }
            throw CommandFailure(
                .inUse,
                "\(path): a zswapfs is mounted here already; `zswapfs unmount \(path)` first")
        }
        try checkDevice()
        return path
    }

    private static func failure(_ error: SystemFailure, _ text: String) -> CommandFailure {
        switch error.errno {
        case .noSuchFileOrDirectory:
            CommandFailure(.badPath, "\(text): no such directory to mount at; make it first")
        case .notDirectory:
            CommandFailure(.badPath, "\(text): not a directory, so nothing can be mounted there")
        case .socketNotConnected:
            CommandFailure(
                .inUse,
                "\(text): the daemon of a mount here has died; `umount -l \(text)` clears it away")
        default: CommandFailure(error)
        }
    }

    private static func canonicalPath(_ text: String) throws(SystemFailure) -> String {
        let directory = try OpenFile(text, for: .locatingDirectory)
        defer { directory.close() }
        return try directory.canonicalPath()
    }

    private static func checkDevice() throws {
        do throws(SystemFailure) {
            let file = try OpenFile(fuseDevice, for: .readingAndWriting)
            defer { file.close() }
            guard try file.status().specialDevice == fuseDeviceNumber else {
                throw SystemFailure(
                    call: "open", errno: .operationNotSupportedByDevice, path: fuseDevice)
            }
        } catch {
            switch error.errno {
            case .noSuchFileOrDirectory, .operationNotSupportedByDevice, .noSuchAddressOrDevice:
                throw CommandFailure(
                    .unavailable,
                    "\(fuseDevice): not there (\(error.errno.name)); "
                        + "`modprobe fuse` loads it where the kernel has it")
            case .notPermitted, .permissionDenied:
                throw CommandFailure(
                    .notPermitted,
                    "\(fuseDevice): may not be opened (\(error.errno.name)); "
                        + "mounting needs read and write permission on it")
            default: throw error
            }
        }
    }
}
