/// How long requests took, as far as ``LatencyBuckets`` tell: a value, to read from.
///
/// Law: `count` is the sum of the buckets, so it agrees with them whenever they were read.
public struct LatencyHistogram: Equatable, Sendable {
    /// Requests in each bucket.
    public private(set) var counts: [UInt64]
    /// The sum of all times, in nanoseconds. Wraps after 584 years.
    public private(set) var nanoseconds: UInt64
    /// The longest time, in nanoseconds.
    public private(set) var longest: UInt64

    /// Creates an empty histogram.
    public init() {
        counts = Array(repeating: 0, count: LatencyBuckets.count)
        nanoseconds = 0
        longest = 0
    }

    /// The number of requests.
    public var count: UInt64 { counts.reduce(0, &+) }

    /// Adds requests to a bucket.
    public mutating func add(_ count: UInt64, toBucket index: Int) { counts[index] &+= count }

    /// Adds the times of requests that were added to the buckets.
    public mutating func add(nanoseconds: UInt64, longest: UInt64) {
        self.nanoseconds &+= nanoseconds
        self.longest = max(self.longest, longest)
    }

    /// The time that this share of the requests took at most, in nanoseconds: the border of the
    /// bucket, or the longest time if that is less. Nil without requests.
    public func percentile(_ share: Double) -> UInt64? {
        let total = count
        guard total > 0 else { return nil }
        let rank = max((Double(total) * share).rounded(.up), 1)
        var seen: UInt64 = 0
        for (index, count) in counts.enumerated() {
            seen &+= count
            guard Double(seen) >= rank else { continue }
            let border = LatencyBuckets.upperBorder(of: index)
            // The last bucket has no border of its own.
            guard index < LatencyBuckets.count - 1 else { return max(border, longest) }
            return longest > 0 ? min(border, longest) : border
        }
        return longest
    }

    /// The requests that `earlier`, a histogram of the same mount, did not have yet. Empty when the
    /// counters have begun anew since, as they do with another daemon.
    public func since(_ earlier: LatencyHistogram) -> LatencyHistogram {
        var difference = LatencyHistogram()
        for index in counts.indices {
            guard counts[index] >= earlier.counts[index] else { return LatencyHistogram() }
            difference.counts[index] = counts[index] - earlier.counts[index]
        }
        difference.nanoseconds = nanoseconds &- earlier.nanoseconds
        difference.longest = longest
        return difference
    }
}
