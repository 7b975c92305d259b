import Arena
import ZswapCore

/// The buffer that a record is read into. Belongs to one worker.
///
/// Law: two blocks, which is what a record of a page reaches over at most; made and touched before
/// serving.
public final class BackingReadBuffer: @unchecked Sendable {  // one thread's at a time, its owner's
    static let byteCount = 2 * BackingBlock.byteCount

    let memory: BlockMemory
    private var range = 0..<0

    /// A buffer with an empty payload. Throws `noMemory`.
    public init() throws(BackingError) {
        do { memory = try BlockMemory(byteCount: Self.byteCount) } catch { throw .noMemory }
    }

    /// The payload that was read last; empty after an error.
    public var payload: RawSpan {
        @_lifetime(borrow self) get {
            // The memory lives as long as self, which the span borrows.
            _overrideLifetime(RawSpan(_unsafeBytes: memory.readable(range)), borrowing: self)
        }
    }

    /// The payload is what lies in this range from now on.
    func setPayload(_ range: Range<Int>) {
        invariant(range.upperBound <= Self.byteCount)
        self.range = range
    }
}
