import Synchronization

/// What must hold, whatever comes from outside. The standard library's `precondition` says nothing
/// in a release build: a daemon that ended by it would leave no reason.
///
///     invariant(…) fails ──> the reporter: message, file, line ──> trap
///
/// Law: checked in every build. A failure ends the process on the spot: going on could give a wrong
/// page.
///
/// Cost: a branch; the message is made when it has failed.
@inlinable @inline(__always)
public func invariant(
    _ condition: @autoclosure () -> Bool, _ message: @autoclosure () -> String = "",
    file: StaticString = #fileID, line: UInt = #line
) {
    if !condition() { Bug.end(message(), file, line) }
}

/// The same where checking costs more than a branch on what is at hand: in debug builds and those
/// with `INTERNAL_CHECKS` only.
@inlinable @inline(__always)
public func deepInvariant(
    _ condition: @autoclosure () -> Bool, _ message: @autoclosure () -> String = "",
    file: StaticString = #fileID, line: UInt = #line
) {
    #if DEBUG || INTERNAL_CHECKS
    if !condition() { Bug.end(message(), file, line) }
    #endif
}

/// What no program run may come to.
@inlinable @inline(__always)
public func unreachable(
    _ message: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line
) -> Never {
    Bug.end(message(), file, line)
}

/// A check that failed.
public enum Bug {
    /// Is told of the first one, on the thread that met it, and ends the process: message, file,
    /// line. It must not wait.
    public typealias Reporter = @Sendable (String, StaticString, UInt) -> Never

    private static let reporter = Mutex<Reporter?>(nil)

    /// Sets who is told, in place of standard error. Before there are threads.
    public static func setReporter(_ report: @escaping Reporter) {
        reporter.withLock { $0 = report }
    }

    /// Ends the process.
    @usableFromInline @inline(never)
    static func end(_ message: String, _ file: StaticString, _ line: UInt) -> Never {
        // Taken: another thread is telling of a bug, which this one may well follow from.
        reporter.withLockIfAvailable { $0?(message, file, line) }
        fatalError(message, file: file, line: line)
    }
}
