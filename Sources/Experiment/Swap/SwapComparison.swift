import ZswapCore

/// The swapped program on one device: medians of its runs.
public struct SwapFigures: Codable, Sendable {
    /// The name of the peer that was swapped to.
    public let device: String
    /// Seconds of filling memory.
    public let fill: Double
    /// Seconds of reading it in order.
    public let scan: Double
    /// Seconds of touching pages anywhere.
    public let random: Double
    /// Seconds of all three; the median of the sums.
    public let total: Double
    /// Bytes swapped out when memory was full.
    public let swappedByteCount: Int
    /// Number of runs.
    public let runCount: Int

    /// The medians of at least one run.
    public init(_ device: String, _ reports: [SwappedProgram.Report]) {
        invariant(!reports.isEmpty)
        func median(_ nanoseconds: (SwappedProgram.Report) -> UInt64) -> Double {
            Median.of(reports.map { Double(nanoseconds($0)) / 1e9 })
        }
        self.device = device
        fill = median { $0.fill }
        scan = median { $0.scan }
        random = median { $0.random }
        total = median { $0.fill + $0.scan + $0.random }
        swappedByteCount = Int(Median.of(reports.map { Double($0.swappedByteCount) }))
        runCount = reports.count
    }
}
