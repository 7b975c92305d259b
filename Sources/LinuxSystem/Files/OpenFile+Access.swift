import CLinux
import Glibc
import SystemPackage

/// The permissions and the owner of a file, and whether it is open elsewhere.
extension OpenFile {
    /// Sets the permission bits.
    public func setPermissions(_ permissions: UInt32) throws(SystemFailure) {
        guard fchmod(descriptor, mode_t(permissions & 0o7777)) == 0 else {
            throw SystemFailure("fchmod", path)
        }
    }

    /// Sets owner and group. The kernel may clear permission bits then.
    public func setOwner(userID: UInt32, groupID: UInt32) throws(SystemFailure) {
        guard fchown(descriptor, uid_t(userID), gid_t(groupID)) == 0 else {
            throw SystemFailure("fchown", path)
        }
    }

    /// Whether this process may run it as a program.
    public var isExecutable: Bool { access(descriptorPath, X_OK) == 0 }

    /// Whether the file is open besides here, in any process, or mapped. Nil where the kernel
    /// does not tell: it gives a write lease only to the one opener of a file, and none on some
    /// filesystems.
    ///
    /// Law: the lease is given back at once, so that no open(2) of another process waits for it.
    public func isOpenElsewhere() -> Bool? {
        if clinux_set_lease(descriptor, F_WRLCK) == 0 {
            clinux_set_lease(descriptor, F_UNLCK)
            return false
        }
        return errno == EAGAIN ? true : nil
    }

    /// The number of this process.
    static var ownProcess: Int32 { getpid() }

    /// A path that leads to this very file as long as it is open here, also when its name has gone
    /// or leads to another file.
    public var descriptorPath: String { "/proc/self/fd/\(descriptor)" }
}
