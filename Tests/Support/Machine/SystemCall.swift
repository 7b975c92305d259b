import Foundation

/// A system call that failed, with its errno.
public struct CallFailure: Error, Equatable, CustomStringConvertible {
    /// The call's name.
    public let call: String
    /// Why.
    public let errno: CInt

    /// A failure of this call.
    public init(_ call: String, _ errno: CInt) {
        self.call = call
        self.errno = errno
    }

    /// The call, and its errno in words.
    public var description: String { "\(call): \(String(cString: strerror(errno)))" }
}

/// System calls as tests want them: a value, or a ``CallFailure``.
public enum SystemCall {
    /// The result of `body`; throws when it is negative. Interrupted calls are made again.
    @discardableResult
    public static func run<Number: SignedInteger>(
        _ call: String, _ body: () -> Number
    ) throws(CallFailure) -> Number {
        while true {
            let result = body()
            if result >= 0 { return result }
            guard Glibc.errno == EINTR else { throw CallFailure(call, Glibc.errno) }
        }
    }

    /// The errno that `body` fails with; 0 when it does not fail.
    public static func errno(_ body: () throws -> Void) -> CInt {
        do {
            try body()
            return 0
        } catch {
            return (error as? CallFailure)?.errno ?? -1
        }
    }

    /// The status of a path by lstat(2); symbolic links are not followed.
    public static func status(_ path: String) throws(CallFailure) -> stat {
        var status = stat()
        try run("lstat") { lstat(path, &status) }
        return status
    }

    /// Whether there is something at this path.
    public static func exists(_ path: String) -> Bool { (try? status(path)) != nil }

    /// Takes a name away.
    public static func remove(_ path: String) throws(CallFailure) {
        try run("unlink") { unlink(path) }
    }

    /// Gives a file another name.
    public static func move(_ old: String, _ new: String) throws(CallFailure) {
        try run("rename") { rename(old, new) }
    }
}
