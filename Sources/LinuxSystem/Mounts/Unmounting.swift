import CLinux
import Glibc
import SystemPackage

/// Taking a mount away.
public enum Unmounting {
    /// Unmounts what is mounted at `path`. EBUSY while a program uses it, EPERM without
    /// CAP_SYS_ADMIN.
    public static func unmount(_ path: String) throws(SystemFailure) {
        guard umount2(path, CInt(UMOUNT_NOFOLLOW)) == 0 else {
            throw SystemFailure("umount2", path)
        }
    }
}

/// Waiting for something that happens outside this process.
public enum Patience {
    /// Asks `condition` every ten milliseconds until it holds; false when `milliseconds` have
    /// passed. An error that it throws ends the waiting.
    public static func wait<Failure>(
        milliseconds: Int, until condition: () throws(Failure) -> Bool
    ) throws(Failure) -> Bool {
        for _ in 0..<max(milliseconds / 10, 1) {
            if try condition() { return true }
            usleep(10_000)
        }
        return try condition()
    }
}
