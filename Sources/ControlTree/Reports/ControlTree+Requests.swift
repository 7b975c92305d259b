import Latency

/// The rows about how long requests for pages take.
extension ControlTree {
    static let requestLatencyRows: [ControlRow] = [
        ControlRow(
            "stats/request_latency", .lines,
            "How long requests for pages took since the daemon began, a name and a number a line:"
                + " read_count; read_p50, p90, p99, p999 and max in nanoseconds; the same of"
                + " write.",
            read: { subject throws(ControlError) in
                RequestLatencies.Kind.allCases.map { kind in
                    lines(summary(of: subject.requests.histogram(of: kind), kind))
                }.joined()
            }),
        ControlRow(
            "stats/request_latency_buckets", .lines,
            "The same as histograms, a heading and a line for each bucket that is not empty: read"
                + " or write; the longest time in the bucket, in nanoseconds; the number of"
                + " requests.",
            read: { subject throws(ControlError) in
                "kind up_to_ns requests\n"
                    + RequestLatencies.Kind.allCases.map { kind in
                        buckets(of: subject.requests.histogram(of: kind), kind)
                    }.joined()
            }),
    ]

    private static let shares: [(name: String, share: Double)] = [
        ("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p999", 0.999),
    ]

    private static func summary(
        of histogram: LatencyHistogram, _ kind: RequestLatencies.Kind
    ) -> [(name: String, value: Int)] {
        let name = kind.rawValue
        return [("\(name)_count", Int(clamping: histogram.count))]
            + shares.map {
                ("\(name)_\($0.name)", Int(clamping: histogram.percentile($0.share) ?? 0))
            } + [("\(name)_max", Int(clamping: histogram.longest))]
    }

    private static func buckets(
        of histogram: LatencyHistogram, _ kind: RequestLatencies.Kind
    ) -> String {
        histogram.counts.enumerated().filter { $0.element > 0 }.map { index, count in
            "\(kind.rawValue) \(LatencyBuckets.upperBorder(of: index)) \(count)\n"
        }.joined()
    }
}
