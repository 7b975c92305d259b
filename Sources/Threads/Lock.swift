public import Synchronization

/// A lock around a value. Each lock of the store and of its maintenance is one, or a
/// ``ServingLock``, so that a simulation can decide which thread takes it.
///
/// Law: in a simulation the thread that runs never blocks in the kernel: if the lock is held, the
/// holder gets its turn first.
/// Price: that of `Mutex`.
public struct Lock<Value: ~Copyable>: ~Copyable {
    @usableFromInline let mutex: Mutex<Value>

    /// A lock of this value.
    @inlinable public init(_ value: consuming sending Value) { mutex = Mutex(value) }

    /// Lends the value to `body` with the lock held.
    @inlinable @inline(__always) public borrowing func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        #if DEBUG || INTERNAL_CHECKS
        awaitTurn()
        defer { SimulatedThreads.present?.noteUnlock() }
        #endif
        return try mutex.withLock(body)
    }

    /// The same if no thread holds the lock; else nil, at once.
    @inlinable @inline(__always)
    public borrowing func withLockIfAvailable<Result: ~Copyable, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result? {
        #if DEBUG || INTERNAL_CHECKS
        SchedulingPoint.reach(.lock)
        defer { SimulatedThreads.present?.noteUnlock() }
        #endif
        return try mutex.withLockIfAvailable(body)
    }

    #if DEBUG || INTERNAL_CHECKS
    /// In a simulation: returns when the lock is free, and no other thread runs before it is taken.
    /// Inlined, since a generic call would look up the type of the value, which allocates the first
    /// time, under a serving lock.
    @inlinable @inline(__always) borrowing func awaitTurn() {
        guard let thread = SimulatedThreads.present else { return }
        thread.reach(.lock)
        while mutex.withLockIfAvailable({ _ in true }) == nil { thread.waitForUnlock() }
    }
    #endif
}

extension Lock: @unchecked Sendable where Value: ~Copyable {}  // as `Mutex` is
