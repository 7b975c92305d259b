import Arena
import Synchronization
import ZswapCore

/// Why a write-back that was asked for does not begin.
public enum WriteBackRefusal: Error, Equatable, Sendable {
    /// `params/backing` is none, or nobody writes.
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
extension SwapStore {
    /// Has these pages written to the backing store, in the background.
    public func startWriteBack(_ pages: WriteBackJob.Pages) throws(WriteBackRefusal) {
        switch desk.obstacle {
        case .noThread, .noBacking: throw .noBacking
        case .failed: throw .failed
        case .deviceFull: throw .full
        case .budgetSpent: throw .budgetSpent
        case .nothingToWrite, nil: break
        }
        let isTaken = desk.job.withLock { job in
            guard job?.progress != .running else { return false }
            job = WriteBackJob(pages)
            noteForSuccessor(job)
            return true
        }
        guard isTaken else { throw .busy }
        desk.ring()
    }

    /// Writes down whether a job is under way. Behind the lock of the desk's job.
    func noteForSuccessor(_ job: WriteBackJob?) { record[.writeBackJob] = job?.word ?? 0 }

    /// What was asked for last; nil: nothing yet.
    public var writeBackJob: WriteBackJob? { desk.job.withLock { $0 } }

    /// Blocks of 4096 bytes that were written to backing stores in the day that now is.
    public var writeBackBlockCountToday: Int {
        desk.budget.withLock { budget in
            _ = budget.blockCountLeft(of: nil, at: clock.seconds)
            return budget.spentBlockCount
        }
    }

    /// Why no page leaves for the backing store now, in words; nil when pages can.
    public var writeBackObstacle: String? {
        desk.obstacle.map { $0.text(for: backingPath ?? "") }
    }
}
