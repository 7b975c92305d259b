/// One workload on a filesystem beside its floor: the null filesystem and the bare codec.
public struct RequestComparison: Codable, Sendable {
    /// One filesystem's figures, medians of the runs but for the latencies, which are of all runs.
    public struct Figures: Codable, Sendable {
        /// Nanoseconds from one finished request to the next.
        public let nanosecondsEach: Double
        /// Requests finished in a second.
        public let requestsEachSecond: Double
        /// Millions of bytes moved in a second.
        public let megabytesEachSecond: Double
        /// Of all runs.
        public let latencies: LatencySummary

        init(_ runs: [RequestRun]) {
            let each = Median.of(runs.map(\.nanosecondsEach))
            nanosecondsEach = each
            requestsEachSecond = 1e9 / each
            let byteCount = runs.first?.workload.requestByteCount ?? 0
            megabytesEachSecond = 1e3 * Double(byteCount) / each
            var all = Latencies()
            for run in runs { all.add(run.latencies) }
            latencies = all.summary
        }
    }

    /// The workload of all runs.
    public let workload: RequestWorkload
    /// The null filesystem's.
    public let null: Figures
    /// zswapfs's.
    public let zswapfs: Figures
    /// Nanoseconds of the bare codec for the pages of a request, on one processor.
    public let codecNanoseconds: Double
    /// Nanoseconds that a request takes at least: the null filesystem's and the codec's, one after
    /// the other where one request or one processor works at a time; else the longer of the two,
    /// with the codec on all processors.
    public let floorNanoseconds: Double
    /// The time of zswapfs as a multiple of the floor's.
    public let ratio: Double

    /// The runs of one workload, beside the codec's time for a page.
    public init(
        _ workload: RequestWorkload, null: [RequestRun], zswapfs: [RequestRun],
        codec: [BareCodec.Times], processorCount: Int
    ) {
        self.workload = workload
        self.null = Figures(null)
        self.zswapfs = Figures(zswapfs)
        let page = Median.of(codec.map { workload.writes ? $0.compress : $0.decompress })
        codecNanoseconds = page * Double(workload.pageCount)
        floorNanoseconds =
            workload.depth == 1 || processorCount == 1
            ? self.null.nanosecondsEach + codecNanoseconds
            : max(self.null.nanosecondsEach, codecNanoseconds / Double(processorCount))
        ratio = self.zswapfs.nanosecondsEach / floorNanoseconds
    }
}

/// The middle of some numbers, which one disturbed run does not move.
public enum Median {
    /// The middle one, or the mean of the two in the middle; 0 of none.
    public static func of(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return 0 }
        let middle = sorted.count / 2
        return sorted.count.isMultiple(of: 2)
            ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }
}
