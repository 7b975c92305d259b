import Histogram

/// A histogram of the times of many requests, in nanoseconds, to three digits.
///
/// Price: a few hundred KiB; recording takes some nanoseconds.
public struct Latencies: Sendable {
    /// Longer ones count as this long: a minute.
    private static let nanosecondsMax: UInt64 = 60_000_000_000

    private var histogram = Histogram<UInt64>(
        highestTrackableValue: Self.nanosecondsMax, numberOfSignificantValueDigits: .three)

    /// Creates an empty histogram.
    public init() {}

    /// Number of recorded requests.
    public var count: Int { Int(histogram.totalCount) }

    /// Adds one.
    public mutating func record(_ nanoseconds: UInt64) {
        histogram.record(min(nanoseconds, Self.nanosecondsMax))
    }

    /// Adds all of another's.
    public mutating func add(_ other: Latencies) {
        for value in other.histogram.recordedValues() {
            histogram.record(value.value, count: value.count)
        }
    }

    /// The nanoseconds that `percentile` percent of the values do not exceed; 0 without values.
    public func nanoseconds(percentile: Double) -> UInt64 {
        count == 0 ? 0 : histogram.valueAtPercentile(percentile)
    }

    /// The longest, nanoseconds.
    public var nanosecondsMax: UInt64 { count == 0 ? 0 : histogram.max }

    /// The percentiles and the maximum that reports show.
    public var summary: LatencySummary {
        LatencySummary(
            p50: nanoseconds(percentile: 50), p99: nanoseconds(percentile: 99),
            p999: nanoseconds(percentile: 99.9), max: nanosecondsMax)
    }
}

/// The latencies that are shown, in nanoseconds.
public struct LatencySummary: Codable, Equatable, Sendable {
    /// Half of the requests took no longer.
    public let p50: UInt64
    /// 99 of 100 took no longer.
    public let p99: UInt64
    /// 999 of 1000 took no longer.
    public let p999: UInt64
    /// The longest.
    public let max: UInt64
}
