import Backing
package import SwapStore
import Synchronization
import Threads
import ZswapCore

/// One turn of the write-back thread: at most one large write.
package struct WriteBackWork {
    static let idleNanoseconds: Int64 = 1_000_000_000
    /// Without a backing store the thread only keeps ages; setting a backing store wakes it.
    private static let unusedNanoseconds: Int64 = 10_000_000_000
    /// How long pages that pass through may gather for a larger write.
    private static let gatherNanoseconds: Int64 = 20_000_000
    /// This many of them fill a write.
    private static let passingCountFull = BackingLog.segmentByteCount / Page.byteCount - 1
    /// Low priority: a rest is this many times as long as the work before it.
    private static let restFactor: Int64 = 4
    /// An incompressible page with its header takes at most two blocks, and shares a third.
    private static let blockCountMin = 3
    /// Most walks of a job over all areas: compaction may move a page just when it is to be
    /// written.
    private static let jobTurnCountMax = 4

    let store: SwapStore
    private let control: WriteBackControl
    let requests: RoomRequests
    let worker: StoreWorker
    private let onTrouble: @Sendable (String) -> Void
    var writeBack: WriteBack?
    /// The position of the job that is under way; the start when there is none.
    private var jobWalk = PageWalk()
    /// Times that it went through all areas.
    private var jobTurnCount = 0
    private var hasGathered = false
    /// Pages that only pass through may wait from a time in which they were not counted: before a
    /// take-over, or while there was no backing store.
    private var hasOldPassing = false
    private var agedSeconds: UInt64

    /// Creates the work for a store; `worker` is used for nothing else.
    package init(
        of store: SwapStore, _ control: WriteBackControl, by worker: StoreWorker,
        onTrouble: @escaping @Sendable (String) -> Void
    ) {
        self.store = store
        self.worker = worker
        self.onTrouble = onTrouble
        self.control = control
        requests = store.roomRequests
        agedSeconds = store.seconds
    }

    /// Does the most urgent work. Returns how long the thread may rest then, in nanoseconds.
    /// `goesOn` ends a long compaction.
    package mutating func turn(_ goesOn: () -> Bool) -> Int64 {
        keepAges()
        guard let (log, number) = store.holdCurrentBacking() else {
            writeBack = nil
            // A backing store may have come since.
            store.updateObstacle()
            stopJob()
            return Self.unusedNanoseconds
        }
        defer { store.letGoOfBacking(number) }
        if writeBack?.log !== log {
            writeBack = makeWriteBack(to: log, number)
            requests.set(nil)
            hasOldPassing = true
        }
        let began = MonotonicClock.nanoseconds
        let written = log.byteCountWritten
        let rest = findBudget() ? makeReady(log) ?? work(log, goesOn) : giveUp()
        let blocks = Int(log.byteCountWritten - written) / Page.byteCount
        control.budget.withLock {
            $0.spend(blocks, at: store.seconds)
            $0.note(in: store)
        }
        switch rest {
        case .again: return 0
        case .low: return (MonotonicClock.nanoseconds - began) * Self.restFactor
        case .nanoseconds(let nanoseconds): return nanoseconds
        }
    }

    private func makeWriteBack(to log: BackingLog, _ number: Int) -> WriteBack {
        guard let buffers = control.madeBuffers else {
            unreachable("a backing store came without buffers to write with")
        }
        return WriteBack(to: log, generation: number, of: store, in: buffers, by: worker)
    }

    enum Rest {
        case again, low
        case nanoseconds(Int64)
    }

    private mutating func work(_ log: BackingLog, _ goesOn: () -> Bool) -> Rest {
        if let excess = excessFrameCount(wasFull: true) { return makeRoom(excess, goesOn) }
        if requests.passingCount > 0 { return writePassing() }
        if requests.takeAskingAreas() { return makeRoomInAreas() }
        if log.needsCleaning, clean() { return .again }
        if control.job.withLock({ $0?.progress == .running }) { return doJob() }
        if hasOldPassing {
            (hasOldPassing, hasGathered) = (false, true)
            return writePassing()
        }
        if store.tunables.shrinksInBackground, let excess = excessFrameCount(wasFull: false) {
            _ = makeRoom(excess, goesOn)
            return .low
        }
        return .nanoseconds(Self.idleNanoseconds)
    }

    private mutating func writePassing() -> Rest {
        let isFull = requests.passingCount >= Self.passingCountFull
        guard isFull || hasGathered else {
            hasGathered = true
            return .nanoseconds(Self.gatherNanoseconds)
        }
        hasGathered = false
        requests.takePassing()
        var walk = PageWalk()
        var goesOn = true
        while goesOn {
            let outcome = writeBack?.write(.passing, &walk) ?? .endOfTurn(pageCount: 0)
            settle(outcome)
            requests.noteProgress()
            switch outcome {
            case .moved: continue
            case .endOfTurn: break
            // Some pages may be left; the count lets a later turn look for them.
            case .deviceFull, .failed: requests.notePassing()
            }
            goesOn = false
        }
        return .again
    }

    private mutating func clean() -> Bool {
        do {
            guard try writeBack?.cleanSegment() == true else { return false }
            control.cleanedSegmentCount.add(1, ordering: .relaxed)
            return true
        } catch {
            settle(.failed(error))
            return true
        }
    }

    private mutating func doJob() -> Rest {
        guard let selection = control.job.withLock({ $0?.selection }) else { return .again }
        var walk = jobWalk
        let outcome = writeBack?.write(selection, &walk) ?? .endOfTurn(pageCount: 0)
        jobWalk = walk
        let isDone = endsJob(outcome)
        control.job.withLock { job in
            job?.pageCount += outcome.pageCount
            guard isDone else { return }
            job?.progress = .done
            control.note(job)
        }
        settle(outcome)
        return .again
    }

    /// Whether a job is done: every area was visited, and no selected page moved or changed just
    /// when it was to be written.
    private mutating func endsJob(_ outcome: WriteBack.Outcome) -> Bool {
        guard case .endOfTurn = outcome else { return false }
        jobTurnCount += 1
        let isComplete = writeBack?.contestedCount == 0 || jobTurnCount == Self.jobTurnCountMax
        writeBack?.contestedCount = 0
        if isComplete { jobTurnCount = 0 }
        return isComplete
    }

    /// Stops a running job before all areas were visited.
    private mutating func stopJob() {
        jobWalk = PageWalk()
        jobTurnCount = 0
        control.job.withLock { job in
            guard job?.progress == .running else { return }
            job?.progress = .stopped
            control.note(job)
        }
    }

    /// Sets the obstacle that an outcome means, for requests that wait for room.
    func settle(_ outcome: WriteBack.Outcome) {
        switch outcome {
        case .moved, .endOfTurn: break
        case .deviceFull: stop(.deviceFull)
        case .failed(let error): stop(.failed(error))
        }
    }

    private func stop(_ obstacle: RoomRequests.Obstacle) {
        guard requests.set(obstacle), let log = writeBack?.log else { return }
        let path = log.device.path
        onTrouble("write-back to \(path): \(obstacle.text(for: path)); pages stay in memory")
    }

    /// Nil: the backing store takes pages, or may again, since the obstacle may be gone. Else how
    /// long to wait.
    private mutating func makeReady(_ log: BackingLog) -> Rest? {
        switch requests.obstacle {
        case nil: return nil
        case .failed: return giveUp()
        case .deviceFull where !log.hasRoom:
            return log.needsCleaning && clean() ? .again : giveUp()
        case .deviceFull, .nothingToWrite, .budgetSpent, .noBacking, .noThread: break
        }
        requests.set(nil)
        return nil
    }

    /// Nothing can be written for now: a job that is under way stops.
    private mutating func giveUp() -> Rest {
        stopJob()
        return .nanoseconds(Self.idleNanoseconds)
    }

    /// How much may be written in this turn. False: nothing more today.
    private mutating func findBudget() -> Bool {
        let limit = store.tunables.writeBackBlockCountPerDay
        let left = control.budget.withLock {
            $0.blockCountLeft(of: limit, at: store.seconds)
        }
        if let left, left < Self.blockCountMin {
            if requests.obstacle == nil { stop(.budgetSpent) }
            return false
        }
        writeBack?.byteCountMax = left.map { $0 * Page.byteCount } ?? .max
        return true
    }

    /// Keeps the ages of pages true while they are not counted for a plan.
    private mutating func keepAges() {
        let seconds = store.seconds
        guard seconds >= agedSeconds + UInt64(LastUse.sweepSecondsMax) / 4 else { return }
        agedSeconds = seconds
        _ = AgeHistogram.count(of: store, by: worker)
    }
}
