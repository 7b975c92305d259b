import Synchronization

/// Checks a condition that holds for every input. The standard library's `precondition` prints no
/// message in a release build, so a daemon that it ends would leave no reason.
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

/// The same for checks that cost more than a branch: in debug builds and builds with
/// `INTERNAL_CHECKS` only.
@inlinable @inline(__always)
public func deepInvariant(
    _ condition: @autoclosure () -> Bool, _ message: @autoclosure () -> String = "",
    file: StaticString = #fileID, line: UInt = #line
) {
    #if DEBUG || INTERNAL_CHECKS
    if !condition() { Bug.end(message(), file, line) }
    #endif
}

/// Ends the process at a place that no run may reach.
@inlinable @inline(__always)
public func unreachable(
    _ message: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line
) -> Never {
    Bug.end(message(), file, line)
}

/// A check that failed.
public enum Bug {
    /// Gets the message, file and line of the first failure, on the thread that met it, and ends
    /// the process. It must not wait.
    public typealias Reporter = @Sendable (String, StaticString, UInt) -> Never

    private static let reporter = Mutex<Reporter?>(nil)

    /// Sets the reporter, in place of standard error. Before there are threads.
    public static func setReporter(_ report: @escaping Reporter) {
        reporter.withLock { $0 = report }
    }

    /// Ends the process.
    @usableFromInline @inline(never)
    static func end(_ message: String, _ file: StaticString, _ line: UInt) -> Never {
        // If the lock is taken, another thread reports a bug, which may be the cause of this one.
        reporter.withLockIfAvailable { $0?(message, file, line) }
        fatalError(message, file: file, line: line)
    }
}
