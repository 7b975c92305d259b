/// A lock that threads which serve pages may take.
///
/// Law: the holder neither allocates nor waits for anything but a lock that comes later in the lock
/// order. An allocation may wait until pages are swapped out, and swapping out waits for the thread
/// that wants the lock. A build with INTERNAL_CHECKS reports to a preloaded library (`CallCounter`)
/// when a serving lock is held.
/// Price: that of ``Lock``.
public struct ServingLock<Value: ~Copyable>: ~Copyable {
    @usableFromInline let lock: Lock<Value>

    /// A lock of this value.
    @inlinable public init(_ value: consuming sending Value) { lock = Lock(value) }

    /// Lends the value to `body` with the lock held.
    @inlinable public borrowing func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        #if INTERNAL_CHECKS
        ServingLockWatch.calls.taken?()
        defer { ServingLockWatch.calls.left?() }
        #endif
        return try lock.withLock(body)
    }
}

extension ServingLock: @unchecked Sendable where Value: ~Copyable {}  // as `Lock` is
