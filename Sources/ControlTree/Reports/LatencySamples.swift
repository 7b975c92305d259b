import Latency

/// A histogram of latencies as Prometheus takes it: buckets that hold the ones before as well, at
/// every power of two of nanoseconds, in seconds.
///
///     le="0.000001024" 0   …   le="0.000016384" 812   …   le="17.179869184" 830   le="+Inf" 830
///
/// Law: the borders never change, and every one is a border of ``LatencyBuckets``, so a count is
/// exact. The last count is that of all requests.
struct LatencySamples {
    private static let powers = 10...34

    /// Border and count.
    let buckets: [(border: String, count: String)]
    /// Seconds of all requests together.
    let sum: String
    let count: String

    init(_ histogram: LatencyHistogram) {
        var buckets: [(border: String, count: String)] = []
        var index = 0
        var seen: UInt64 = 0
        for power in Self.powers {
            let border: UInt64 = 1 << UInt64(power)
            while index < LatencyBuckets.count, LatencyBuckets.upperBorder(of: index) <= border {
                seen &+= histogram.counts[index]
                index += 1
            }
            buckets.append((Self.seconds(border), String(seen)))
        }
        count = String(histogram.count)
        sum = Self.seconds(histogram.nanoseconds)
        self.buckets = buckets + [("+Inf", count)]
    }

    /// All nine digits behind the point.
    private static func seconds(_ nanoseconds: UInt64) -> String {
        let digits = String(nanoseconds % 1_000_000_000)
        let zeros = String(repeating: "0", count: 9 - digits.count)
        return "\(nanoseconds / 1_000_000_000).\(zeros)\(digits)"
    }
}
