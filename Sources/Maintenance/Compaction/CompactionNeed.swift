/// When compaction is worth it.
///
/// Law: what the last compaction had to leave behind is not a reason for another one.
public struct CompactionNeed {
    private static let frameCountMin = 64
    /// One frame of so many may be freeable and stay.
    private static let share = 128

    private var leftCount = 0
    private var seenCount = 0

    /// Nothing was compacted yet.
    public init() {}

    /// Whether enough came free since the last compaction.
    public func isDue(freeable: Int, poolFrameCount: Int) -> Bool {
        freeable - min(leftCount, freeable)
            >= max(poolFrameCount / Self.share, Self.frameCountMin)
    }

    /// A compaction ended with so much that it could not free.
    public mutating func noteLeft(_ freeable: Int) { leftCount = freeable }

    /// Whether the count differs from the last time; a smaller one leaves less behind.
    @discardableResult
    public mutating func hasChanged(_ freeable: Int) -> Bool {
        defer { seenCount = freeable }
        leftCount = min(leftCount, freeable)
        return freeable != seenCount
    }
}
