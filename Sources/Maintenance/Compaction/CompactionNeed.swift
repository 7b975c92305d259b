/// Decides when compaction is worth it.
///
/// Law: frames that the last compaction could not free are no reason for another one.
public struct CompactionNeed {
    private static let frameCountMin = 64
    /// Compaction is due when 1 of `share` frames is freeable.
    static let share = 128

    private var leftCount = 0
    private var seenCount = 0

    /// Nothing was compacted yet.
    public init() {}

    /// Whether enough came free since the last compaction.
    public func isDue(freeable: Int, poolFrameCount: Int) -> Bool {
        freeable - min(leftCount, freeable)
            >= max(poolFrameCount / Self.share, Self.frameCountMin)
    }

    /// A compaction ended and could not free this many freeable frames.
    public mutating func noteLeft(_ freeable: Int) { leftCount = freeable }

    /// Whether the count differs from the last one. A smaller count also lowers what the last
    /// compaction left.
    @discardableResult
    public mutating func hasChanged(_ freeable: Int) -> Bool {
        defer { seenCount = freeable }
        leftCount = min(leftCount, freeable)
        return freeable != seenCount
    }
}
