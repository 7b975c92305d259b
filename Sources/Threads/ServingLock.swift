public import Synchronization

/// A lock that threads which serve pages may want.
///
/// Law: whoever holds it neither allocates nor waits for anything else than a lock behind it. An
/// allocation may wait until pages are swapped out, and those wait for the thread that wants the
/// lock. A build with INTERNAL_CHECKS tells a library that was loaded to watch (`CallCounter`) when
/// such a lock is held.
/// Price: that of `Mutex`.
public struct ServingLock<Value: ~Copyable>: ~Copyable {
    @usableFromInline let mutex: Mutex<Value>

    /// A lock of this value.
    @inlinable public init(_ value: consuming sending Value) { mutex = Mutex(value) }

    /// Lends the value to `body`, which nobody else has meanwhile.
    @inlinable public borrowing func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        #if INTERNAL_CHECKS
        ServingLockWatch.calls.taken?()
        defer { ServingLockWatch.calls.left?() }
        #endif
        return try mutex.withLock(body)
    }
}

extension ServingLock: @unchecked Sendable where Value: ~Copyable {}  // as `Mutex` is
