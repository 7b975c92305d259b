/// The times of one run of a workload.
public struct RequestRun: Sendable {
    /// The workload of the run.
    public let workload: RequestWorkload
    /// The time of the whole run.
    public let nanoseconds: UInt64
    /// The time of each request.
    public let latencies: Latencies

    /// Nanoseconds from one finished request to the next.
    public var nanosecondsEach: Double { Double(nanoseconds) / Double(max(latencies.count, 1)) }
    /// Requests finished in a second.
    public var requestsEachSecond: Double { 1e9 / nanosecondsEach }
    /// Millions of bytes moved in a second.
    public var megabytesEachSecond: Double {
        requestsEachSecond * Double(workload.requestByteCount) / 1e6
    }
}
