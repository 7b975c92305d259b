import CLinux
import Glibc

/// An empty directory to mount something at, removed when dropped if nothing is in it.
public final class ScratchDirectory {
    /// The directory's path.
    public let path: String

    /// Makes it under `parent`. Its name begins with `name` and this process's number, which tells
    /// who made it, and is unique.
    public init(_ name: String, in parent: String = "/run") throws(SystemFailure) {
        var template = Array("\(parent)/\(name)-\(getpid())-XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { $0.baseAddress.flatMap(mkdtemp) }
        guard let made else { throw SystemFailure("mkdtemp", parent) }
        path = String(cString: made)
    }

    deinit { rmdir(path) }
}
