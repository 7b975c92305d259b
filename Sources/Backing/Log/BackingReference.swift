/// An unretained reference to a log: for the serving path, as `PoolReference` is for pools.
///
/// Law: the owner that hands out a reference keeps the log until no thread uses it any more. The
/// store does so by quiescence.
/// Price: one word; copying it costs nothing. Lending the log counts a reference.
public struct BackingReference: @unchecked Sendable {
    // Unchecked: the log itself may be used by all threads; that it lives is the law above.
    private let reference: Unmanaged<BackingLog>

    /// Names a log without keeping it alive.
    public init(_ log: BackingLog) { reference = .passUnretained(log) }

    /// Lends the log.
    public func withLog<Result, Failure: Error>(
        _ body: (BackingLog) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // Counted for the time of a disk's answer: what the standard library offers without that
        // throws without a type, and a result in between allocates when a thread first makes one.
        try body(reference.takeUnretainedValue())
    }
}
