/// What one run of a workload gave.
public struct RequestRun: Sendable {
    /// What was done.
    public let workload: RequestWorkload
    /// How long all of it took.
    public let nanoseconds: UInt64
    /// How long each request took.
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
