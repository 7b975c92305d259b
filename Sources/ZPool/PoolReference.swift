/// A pool that somebody else keeps alive: for the serving path, where counting references would
/// make all threads write to one cache line for each page.
///
///     let handle = try reference.withPool { try $0.malloc(1000) }
///
/// Law: whoever hands one out keeps the pool until nobody uses it any more. The store does so by
/// quiescence: a pool goes when every worker has passed a request border since the pool left the
/// state.
/// Price: one word; copying it costs nothing.
public struct PoolReference: @unchecked Sendable {
    // Unchecked: the pool itself may be used by all threads; that it lives is the law above.
    @usableFromInline let reference: Unmanaged<Zpool>

    /// Names a pool without keeping it alive.
    @inlinable public init(_ pool: Zpool) { reference = .passUnretained(pool) }

    /// Lends the pool.
    @inlinable @inline(__always)
    public func withPool<Result, Failure: Error>(
        _ body: (Zpool) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // By way of a result, since what the standard library offers throws without a type.
        try reference._withUnsafeGuaranteedRef { pool in
            Swift.Result { () throws(Failure) in try body(pool) }
        }.get()
    }
}
