import LinuxSystem
import SystemPackage

/// The directory to mount at, looked at before anything is made.
enum MountPoint {
    /// The kernel's FUSE device.
    private static let fuseDevice = "/dev/fuse"
    /// Its number: a misc device, 229 of these (MISC_MAJOR, FUSE_MINOR).
    private static let fuseDeviceNumber = DeviceNumber(major: 10, minor: 229)
    /// Longest time that a mount that is being made may hold the directory, in milliseconds.
    private static let claimMilliseconds = 30_000

    /// The directory's canonical path. Throws with what is wrong with it, or with the machine.
    static func check(_ text: String) throws -> String {
        let place: MountedPath
        do {
            place = try MountedPath(text)
        } catch {
            throw failure(error, text)
        }
        if let mount = place.mount { throw occupied(mount, place, text) }
        guard place.isDirectory else {
            throw failure(SystemFailure(call: "open", errno: .notDirectory, path: text), text)
        }
        try checkDevice()
        return place.canonicalPath
    }

    /// Locks the directory until the file is closed, so that of several mounts that are made there
    /// at the same time one succeeds, and the others find it mounted. Nil for a directory that may
    /// not be read, which cannot be locked.
    static func claim(_ path: String) throws -> OpenFile? {
        guard let directory = try? OpenFile(path, for: .reading) else { return nil }
        let isLocked = try Patience.wait(milliseconds: claimMilliseconds) {
            try directory.tryLock()
        }
        guard isLocked else {
            throw CommandFailure(
                .inUse, "\(path): another program has it locked, as a mount that is being made does"
            )
        }
        return directory
    }

    private static func failure(_ error: SystemFailure, _ text: String) -> CommandFailure {
        switch error.errno {
        case .noSuchFileOrDirectory:
            CommandFailure(.badPath, "\(text): no such directory to mount at; make it first")
        case .notDirectory:
            CommandFailure(.badPath, "\(text): not a directory, so nothing can be mounted there")
        case .socketNotConnected:
            CommandFailure(.inUse, CommandFailure.deadMount(text))
        default: CommandFailure(error)
        }
    }

    /// The refusal of a place on a zswapfs. The kernel may still know its path when its daemon has
    /// died or does not answer.
    private static func occupied(
        _ mount: MountTable.Entry, _ place: MountedPath, _ text: String
    ) -> CommandFailure {
        let path = mount.mountPoint
        guard place.names.isEmpty else {
            return CommandFailure(
                .badPath,
                "\(text): lies on the zswapfs that is mounted at \(path), which has no directories "
                    + "to mount at; name one elsewhere")
        }
        do throws(QueryFailure) {
            let query = try MountQuery(mount)
            try query.confirm(by: .now.advanced(by: MountQuery.patience))
        } catch {
            switch error {
            case .died: return CommandFailure(.inUse, CommandFailure(error).message)
            case .noAnswer:
                return CommandFailure(
                    .inUse, "a zswapfs is mounted here already; \(CommandFailure(error).message)")
            case .refused: break
            }
        }
        return CommandFailure(
            .inUse, "\(path): a zswapfs is mounted here already; `zswapfs unmount \(path)` first")
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
