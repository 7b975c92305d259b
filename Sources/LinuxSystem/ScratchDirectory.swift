import CLinux
import Glibc

/// An empty directory to mount something at, removed when dropped if nothing is in it.
public final class ScratchDirectory {
    /// Where it is.
    public let path: String

    /// Makes it under `parent`, with a name that begins with `name` and nobody else has.
    public init(_ name: String, in parent: String = "/run") throws(SystemFailure) {
        var template = Array("\(parent)/\(name)-XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { $0.baseAddress.flatMap(mkdtemp) }
        guard let made else { throw SystemFailure("mkdtemp", parent) }
        path = String(cString: made)
    }

    deinit { rmdir(path) }
}
