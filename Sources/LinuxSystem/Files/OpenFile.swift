import CLinux
import Glibc
import SystemPackage

/// An open file or device, closed when its last reference goes, or earlier by `close()`.
///
/// Law: the descriptor is closed on exec, so that no child keeps an area or a loop device busy.
public final class OpenFile {
    /// The purposes for which a file is opened.
    public enum Purpose: Sendable {
        /// Reading, of a file or a device that others may hold.
        case reading
        /// Reading and writing.
        case readingAndWriting
        /// Reading and writing, past the page cache: of whole, aligned pages only.
        case direct
        /// Reading, of a block device that is not in exclusive use (mounted, swapped to); else
        /// EBUSY.
        case claimingDevice
        /// Reading and writing, past the page cache, of a block device as with `claimingDevice`.
        case claimingDeviceDirect
        /// A new, empty file that only its owner may read and write; EEXIST if there is one.
        case creating
        /// Only asking where and what it is; works without permission on the file itself.
        case locating
        /// The same for a directory; ENOTDIR for anything else.
        case locatingDirectory

        fileprivate var flags: CInt {
            switch self {
            case .reading: O_RDONLY
            case .readingAndWriting: O_RDWR
            case .direct: O_RDWR | CInt(CLINUX_O_DIRECT)
            case .claimingDevice: O_RDONLY | O_EXCL
            case .claimingDeviceDirect: O_RDWR | CInt(CLINUX_O_DIRECT) | O_EXCL
            case .creating: O_RDWR | O_CREAT | O_EXCL
            case .locating: CInt(CLINUX_O_PATH)
            case .locatingDirectory: CInt(CLINUX_O_PATH) | O_DIRECTORY
            }
        }
    }

    /// The path it was opened by.
    public let path: String
    /// Its number in this process; negative once it is closed.
    public internal(set) var descriptor: CInt

    /// Opens the file. Throws what `open` says.
    public init(_ path: String, for purpose: Purpose) throws(SystemFailure) {
        self.path = path
        descriptor = clinux_open(path, purpose.flags | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemFailure("open", path) }
    }

    /// Opens the file that `located` is, also when its path leads to another file by now. Throws
    /// the error of `open`.
    public init(reopening located: OpenFile, for purpose: Purpose) throws(SystemFailure) {
        path = located.path
        descriptor = clinux_open(
            "/proc/self/fd/\(located.descriptor)", purpose.flags | O_CLOEXEC, 0)
        guard descriptor >= 0 else { throw SystemFailure("open", path) }
    }

    /// Takes over a descriptor that was opened some other way, closed on exec.
    public init(path: String, descriptor: CInt) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close() }

    /// Closes it now; nothing happens the second time.
    public func close() {
        guard descriptor >= 0 else { return }
        Glibc.close(descriptor)
        descriptor = -1
    }

    /// Kind, identity, length. Throws what `fstat` says.
    public func status() throws(SystemFailure) -> FileStatus {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw SystemFailure("fstat", path) }
        return FileStatus(status)
    }

    /// The path as the kernel knows it: absolute, without symbolic links.
    public func canonicalPath() throws(SystemFailure) -> String {
        let link = "/proc/self/fd/\(descriptor)"
        var bytes = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = bytes.withUnsafeMutableBytes { buffer -> Int in
            guard let base = buffer.baseAddress else { return -1 }
            return readlink(link, base, buffer.count)
        }
        guard count >= 0 else { throw SystemFailure("readlink", link) }
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    /// The mount that this path crosses last, as a row of ``MountTable``; nil where the kernel does
    /// not say (before Linux 3.15).
    public func mountIdentifier() throws(SystemFailure) -> Int? {
        let text = try SystemText.read("/proc/self/fdinfo/\(descriptor)")
        for line in text.split(separator: "\n") where line.hasPrefix("mnt_id:") {
            return Int(line.dropFirst("mnt_id:".count).filter { $0 != " " && $0 != "\t" })
        }
        return nil
    }

    /// Takes the file's advisory lock, once its present holder has released it.
    public func waitForLock() throws(SystemFailure) {
        while flock(descriptor, LOCK_EX) != 0 {
            let failure = SystemFailure("flock", path)
            guard failure.errno == .interrupted else { throw failure }
        }
    }

    /// Takes the file's advisory lock without waiting; false while another process has it. The lock
    /// goes when the file is closed.
    public func tryLock() throws(SystemFailure) -> Bool {
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
        let failure = SystemFailure("flock", path)
        guard failure.errno == .wouldBlock else { throw failure }
        return false
    }
}
