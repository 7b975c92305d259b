/// A log that somebody else keeps alive: for the serving path, as `PoolReference` is for pools.
///
/// Law: whoever hands one out keeps the log until nobody uses it any more. The store does so by
/// quiescence.
/// Price: one word; copying it costs nothing.
public struct BackingReference: @unchecked Sendable {
    // Unchecked: the log itself may be used by all threads; that it lives is the law above.
    private let reference: Unmanaged<BackingLog>

    /// Names a log without keeping it alive.
    public init(_ log: BackingLog) { reference = .passUnretained(log) }

    /// Lends the log.
    public func withLog<Result, Failure: Error>(
        _ body: (BackingLog) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // By way of a result, since what the standard library offers throws without a type.
        try reference._withUnsafeGuaranteedRef { log in
            Swift.Result { () throws(Failure) in try body(log) }
        }.get()
    }
}
