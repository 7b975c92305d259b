/// Events of tiers since the store was made, by this process or one before it.
public struct TierCounts: Equatable, Sendable {
    /// Pages that were recompressed.
    public var recompressedPageCount = 0
    /// Bytes of their objects before.
    public var byteCountBefore = 0
    /// Bytes of their objects after.
    public var byteCountAfter = 0
    /// Tries of the cold compressor that gained no size class, after which the page stayed as it
    /// was.
    public var notSmallerPageCount = 0
    /// How long a thread looked for pages and recompressed them.
    public var nanoseconds = 0
    /// Loads of pages in the cold form.
    public var coldLoadCount = 0

    /// None.
    public init() {}
}

extension SwapStore {
    /// The events of tiers. Sums of one thread, and of loads.
    public var tierCounts: TierCounts {
        var counts = TierCounts()
        counts.recompressedPageCount = Int(clamping: record[.recompressedPageCount])
        counts.byteCountBefore = Int(clamping: record[.recompressedBytesBefore])
        counts.byteCountAfter = Int(clamping: record[.recompressedBytesAfter])
        counts.notSmallerPageCount = Int(clamping: record[.notSmallerPageCount])
        counts.nanoseconds = Int(clamping: record[.recompressingNanoseconds])
        counts.coldLoadCount = Int(clamping: record[.coldLoadCount])
        return counts
    }
}
