import Foundation
import LinuxSystem

/// The abilities of this machine to mount, and cleaning up after runs that were killed.
public enum MountHost {
    /// The type of our mounts.
    public static let type = "fuse.zswapfs"

    /// FUSE can be mounted directly: root with a /dev/fuse that opens, and a program to mount with.
    public static let canMount: Bool = {
        guard Privileges.includeSystemAdministration, BuiltProgram.zswapfs != nil else {
            return false
        }
        let descriptor = open("/dev/fuse", O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        close(descriptor)
        removeLeftovers()
        return true
    }()

    /// This kernel, and the libfuse that was built with, have FUSE over io_uring. A mount tells.
    public static let hasRing: Bool = {
        guard canMount else { return false }
        do {
            _ = try TemporaryMount("transport=uring")
            return true
        } catch {
            print("FUSE over io_uring is not tried: \(error)")
            return false
        }
    }()

    /// The possible values of `transport=` here.
    public static let transports = hasRing ? ["uring", "dev"] : ["dev"]

    /// The reason to give where it is not so.
    public static let need = "needs root, /dev/fuse and the built zswapfs to mount"

    /// Loop devices can be attached.
    public static var canAttach: Bool {
        canMount && access(LoopControl.path, R_OK | W_OK) == 0 && SwapHost.has("losetup")
    }

    /// Whether a test can run a program as a user without privileges.
    public static var canDropPrivileges: Bool {
        canMount && SwapHost.has("setpriv") && (try? asNobody("true", []))?.status == 0
    }

    /// Runs a program as an unprivileged user that owns no files.
    public static func asNobody(
        _ program: String, _ arguments: [String]
    ) throws -> ProgramRun.Outcome {
        try ProgramRun.finish(
            "/usr/bin/env",
            ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", program] + arguments)
    }

    /// Whether something of ours is mounted at this path.
    public static func isMounted(_ path: String) -> Bool {
        guard let mounts = try? MountTable.current() else { return false }
        return mounts.entries.contains { $0.mountPoint == path && $0.type == type }
    }

    /// The processes that have `text` among their arguments: the daemons of a mount point.
    public static func processes(naming text: String) -> [pid_t] {
        ProcessTable.processes(withArguments: text)
    }

    /// Unmounts lazily what test processes that are gone have left; their daemons end with the
    /// mount.
    private static func removeLeftovers() {
        guard let mounts = try? MountTable.current() else { return }
        for mount in mounts.entries where mount.type == type {
            let start = mount.mountPoint.range(of: TemporaryFile.prefix)?.upperBound
            guard let start, let owner = pid_t(mount.mountPoint[start...].prefix { $0 != "-" }),
                kill(owner, 0) != 0,
                !LoopDevice.attached().contains(where: {
                    $0.backingPath?.hasPrefix(mount.mountPoint) == true
                })
            else { continue }
            umount2(mount.mountPoint, CInt(MNT_DETACH))
        }
    }
}
