public import Backing

/// A backing store, for reports.
public struct StoreBacking: Sendable {
    /// Where it is.
    public let path: String
    /// Whether pages leave for it now; otherwise it only has pages of before.
    public let isCurrent: Bool
    /// What it holds and did.
    public let statistics: BackingStatistics
    /// Why no page leaves for it now, in words; nil when they do.
    public let obstacle: String?

    init(_ log: BackingLog, isCurrent: Bool, obstacle: RoomRequests.Obstacle?) {
        path = log.device.path
        self.isCurrent = isCurrent
        statistics = log.statistics
        self.obstacle = isCurrent ? obstacle?.text(for: path) : "only has pages of before"
    }

    /// What it does now, in words.
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
        case .noThread: "nobody writes pages back"
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
