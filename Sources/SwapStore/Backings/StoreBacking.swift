public import Backing

/// A backing store, for reports.
public struct StoreBacking: Sendable {
    /// Its path.
    public let path: String
    /// Whether pages are written to it now. Otherwise it is draining: it keeps its pages and takes
    /// no new ones.
    public let isCurrent: Bool
    /// Its contents, and its reads and writes.
    public let statistics: BackingStatistics
    /// Why no page is written to it now, in words; nil when pages are.
    public let obstacle: String?

    init(_ log: BackingLog, isCurrent: Bool, obstacle: RoomRequests.Obstacle?) {
        path = log.device.path
        self.isCurrent = isCurrent
        statistics = log.statistics
        self.obstacle = isCurrent ? obstacle?.text(for: path) : "draining: takes no new pages"
    }

    /// Its state in words.
    public var state: String { obstacle ?? "takes pages" }

    /// Bytes of a mean write; 0 before the first.
    public var meanWriteByteCount: Int {
        guard statistics.writeCount > 0 else { return 0 }
        return Int(statistics.writtenByteCount / statistics.writeCount)
    }
}

extension RoomRequests.Obstacle {
    /// For people.
    package func text(for path: String) -> String {
        switch self {
        case .noThread: "there is no write-back thread"
        case .noBacking: "there is no backing store"
        case .deviceFull: "full"
        case .failed(let error):
            "stopped after an error, until params/backing is written again: "
                + error.message(for: path)
        case .budgetSpent: "params/writeback_limit is reached for today"
        case .nothingToWrite: "no page in memory may leave"
        }
    }
}
