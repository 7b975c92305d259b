import CLinux
import Glibc
public import SystemPackage

/// A system call that failed: which one, why, and on what.
public struct SystemFailure: Error, Equatable, Sendable {
    /// The call by its manual page's name, `open` or `LOOP_CONFIGURE`.
    public let call: String
    /// The reason of the failure.
    public let errno: Errno
    /// The object of the call: a path in nearly every case.
    public let path: String

    /// `call` failed on `path` for the reason `errno`.
    public init(call: String, errno: Errno, path: String) {
        self.call = call
        self.errno = errno
        self.path = path
    }

    /// `call` failed on `path` just now. Before any other call: errno does not live long.
    init(_ call: String, _ path: String) {
        self.init(call: call, errno: Errno(rawValue: Glibc.errno), path: path)
    }
}

extension SystemFailure: CustomStringConvertible {
    /// For people: `open /dev/loop0: No such file or directory (ENOENT)`.
    public var description: String { "\(call) \(path): \(errno.description) (\(errno.name))" }
}

extension Errno {
    /// The symbolic name, `EBUSY`; the number for one that the C library does not know.
    public var name: String {
        guard let name = clinux_error_name(rawValue) else { return "errno \(rawValue)" }
        return String(cString: name)
    }
}
