import Experiment
import LinuxSystem

/// The table of `io`.
extension Table {
    /// A row for each workload: time of a request on each, latencies of zswapfs, and how many
    /// times the floor that is.
    init(_ comparisons: [RequestComparison]) {
        self.init([
            "", "null µs", "codec µs", "zswapfs µs", "ratio", "IOPS", "MB/s", "p50 µs", "p99 µs",
            "p99.9 µs", "max µs", "null p50", "null p99",
        ])
        for comparison in comparisons {
            let zswapfs = comparison.zswapfs
            add([
                comparison.workload.name, Self.micro(comparison.null.nanosecondsEach),
                Self.micro(comparison.codecNanoseconds), Self.micro(zswapfs.nanosecondsEach),
                Table.cell(comparison.ratio, digits: 2),
                Table.cell(zswapfs.requestsEachSecond, digits: 0),
                Table.cell(zswapfs.megabytesEachSecond, digits: 0),
                Self.micro(Double(zswapfs.latencies.p50)),
                Self.micro(Double(zswapfs.latencies.p99)),
                Self.micro(Double(zswapfs.latencies.p999)),
                Self.micro(Double(zswapfs.latencies.max)),
                Self.micro(Double(comparison.null.latencies.p50)),
                Self.micro(Double(comparison.null.latencies.p99)),
            ])
        }
    }

    private static func micro(_ nanoseconds: Double) -> String {
        Table.cell(nanoseconds / 1000, digits: 1)
    }
}
