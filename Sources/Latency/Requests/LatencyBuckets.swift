/// The borders of a histogram of latencies: every power of two of nanoseconds, divided by eight.
///
///     | 1 | 2 | … | 8 | 9 | … | 16 | 18 | 20 | … | 32 | 36 | … | 2^36 ns |   upper borders
///
/// Law: a bucket holds what is above the border before it, up to its own border, so each power of
/// two is a border, and a bucket is at most an eighth wider than its lower border. The last one
/// holds all that is longer as well.
/// Price: 272 counters, up to 69 seconds.
public enum LatencyBuckets {
    private static let dividedBits = 3
    private static let partCount = 1 << dividedBits
    private static let lastPower = 36

    /// The number of buckets.
    public static let count = (lastPower - dividedBits + 1) * partCount

    /// The bucket of a time in nanoseconds.
    @inline(__always)
    public static func index(of nanoseconds: Int64) -> Int {
        // A border belongs to the bucket below it.
        let place = UInt64(max(nanoseconds, 1) &- 1)
        guard place >= UInt64(partCount) else { return Int(place) }
        let power = UInt64.bitWidth &- 1 &- place.leadingZeroBitCount
        let part = Int(truncatingIfNeeded: place >> UInt64(power &- dividedBits)) & (partCount - 1)
        return min((power &- dividedBits &+ 1) * partCount + part, count - 1)
    }

    /// The longest time in a bucket, in nanoseconds.
    public static func upperBorder(of index: Int) -> UInt64 {
        guard index >= partCount else { return UInt64(index + 1) }
        let power = index / partCount - 1
        return UInt64(partCount + index % partCount + 1) << UInt64(power)
    }
}
