/// An unretained reference to a pool: for the serving path, where counting references would make
/// all threads write to one cache line for each page.
///
///     let handle = try reference.withPool { try $0.malloc(1000) }
///
/// Law: the owner that hands out a reference keeps the pool until no thread uses it any more. The
/// store does so by quiescence: it destroys a pool when every worker has passed a quiescent point
/// since the pool left the state.
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
