import SwapStore
import Synchronization
import Threads

/// Why a write-back that was asked for does not begin.
public enum WriteBackRefusal: Error, Equatable, Sendable {
    /// `params/backing` is none, or no thread writes.
    case noBacking
    /// The backing store failed.
    case failed
    /// The backing store is full.
    case full
    /// Nothing more may be written today.
    case budgetSpent
    /// Another one is under way.
    case busy
}

/// Writing pages back on request.
extension Maintenance {
    /// Has these pages written to the backing store, in the background.
    public func startWriteBack(_ pages: PageSelection) throws(WriteBackRefusal) {
        switch store.roomRequests.obstacle {
        case .noThread, .noBacking: throw .noBacking
        case .failed: throw .failed
        case .deviceFull: throw .full
        case .budgetSpent: throw .budgetSpent
        case .nothingToWrite, nil: break
        }
        let isTaken = writeBack.job.withLock { job in
            guard job?.progress != .running else { return false }
            job = WriteBackJob(pages)
            writeBack.note(job)
            return true
        }
        guard isTaken else { throw .busy }
        store.roomRequests.wake()
    }

    /// The write-back that was under way when the predecessor ended, and stopped with it; nil:
    /// none.
    public var endedWriteBack: PageSelection? { writeBack.endedJob?.pages }

    /// The last job, also one of a predecessor; nil: none yet.
    public var writeBackJob: WriteBackJob? { writeBack.job.withLock { $0 } }

    /// Blocks of 4096 bytes that were written to backing stores in the current day of the budget.
    public var writeBackBlockCountToday: Int {
        writeBack.budget.withLock { budget in
            _ = budget.blockCountLeft(of: nil, at: store.seconds)
            return budget.spentBlockCount
        }
    }

    /// Segments of backing stores that were cleaned, of all of them together.
    public var cleanedSegmentCount: Int {
        writeBack.cleanedSegmentCount.load(ordering: .relaxed)
    }
}
