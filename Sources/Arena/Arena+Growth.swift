import Synchronization
import ZswapCore

/// Runs on their way back to the kernel: nobody can take them any more, but a reader may still look.
struct PendingRelease: Sendable {
    var runs: [(run: RunNumber, frameCount: Int)] = []
    /// Table runs that were unlinked; they become free after the epoch.
    var retired: RunNumber?
    var epoch: UInt64 = 0
    var isWaiting: Bool { !runs.isEmpty || retired != nil }
}

/// What the grower does. None of it runs in a serving thread.
extension Arena {
    /// A lane with less than this in available runs is scarce: 256 KiB.
    static let cushionFrameCountLow = 64
    /// A lane with more than this for a while gives the rest back: 1 MiB.
    static let cushionFrameCountHigh = 256
    /// Most frames committed for a lane at a time.
    private static let commitFrameCount = 64
    /// Most runs given back at a time, so that a lane's lock is held briefly.
    private static let releaseRunCount = 256

    /// One round: give back what is due, fill the lanes and the reserve. True when there will be more to do
    /// without anybody asking.
    func growRound(pending: inout PendingRelease) -> Bool {
        finishRelease(&pending)
        var refused = false
        for frameCount in 1...Limits.runFrameCountMax {
            while isScarce(frameCount) {
                guard growLane(frameCount, pending: &pending) else {
                    refused = true
                    break
                }
            }
        }
        if !fillReserve(pending: &pending) { refused = true }
        growerSignal.setRefused(refused)
        if !pending.isWaiting { beginRelease(&pending) }
        return pending.isWaiting || hasExcess
    }

    private func isScarce(_ frameCount: Int) -> Bool {
        lanes[frameCount].state.withLock {
            $0.isActive && $0.available * frameCount < Self.cushionFrameCountLow
        }
    }

    private var hasExcess: Bool {
        (1...Limits.runFrameCountMax).contains { frameCount in
            lanes[frameCount].state.withLock {
                $0.available * frameCount > Self.cushionFrameCountHigh
            }
        }
    }

    private func hasRoom(_ frameCount: Int) -> Bool {
        let committed = counters.committedForRuns.load(ordering: .relaxed)
        let overhead = counters.overhead.load(ordering: .relaxed)
        return committed + overhead + frameCount <= layout.capacityFrameCount
    }

    /// Commits some holes of a lane. False when there is no memory.
    func growLane(_ frameCount: Int, pending: inout PendingRelease) -> Bool {
        let wanted = max(Self.commitFrameCount / frameCount, 1)
        guard hasRoom(wanted * frameCount) else { return false }
        let hasHoles = lanes[frameCount].state.withLock { $0.holes > 0 }
        if !hasHoles {
            guard let segment = takeSegment(descriptorsFor: frameCount) else { return false }
            lanes[frameCount].state.withLock { lane in
                records[segment].assign(runFrameCount: frameCount, committed: false)
                lane.adopt(segment, records)
            }
        }
        let runs = takeHoles(frameCount, atMost: wanted)
        var isCommitted = true
        for run in runs {
            let start = offset(of: run, frameCount: frameCount).rawValue
            isCommitted =
                isCommitted
                && memory.commit(start: start, byteCount: frameCount * Page.byteCount)
            lanes[frameCount].state.withLock { lane in
                let record = records[run.segment]
                record.inTransitCount -= 1
                if isCommitted {
                    lane.putBack(run, records)
                } else {
                    record.putBack(run.index, committed: false)
                    lane.holes += 1
                }
            }
            if isCommitted { counters.committedForRuns.add(frameCount, ordering: .relaxed) }
        }
        growerSignal.announceGrowth()
        return isCommitted
    }

    private func takeHoles(_ frameCount: Int, atMost count: Int) -> [RunNumber] {
        var runs: [RunNumber] = []
        lanes[frameCount].state.withLock { lane in
            var segment = lane.laneHead
            while segment != 0 && runs.count < count {
                let record = records[segment]
                while runs.count < count, let index = record.takeHole() {
                    record.inTransitCount += 1
                    lane.holes -= 1
                    runs.append(RunNumber(segment: segment, index: index))
                }
                segment = record.nextInLane
            }
        }
        precondition(!runs.isEmpty, "a lane counts holes that it does not have")
        return runs
    }

    /// A segment of nobody's, with its record and as many descriptors as the runs need committed.
    private func takeSegment(descriptorsFor frameCount: Int) -> Int? {
        let taken = segments.withLock { $0.takeVacant(segmentCount: layout.segmentCount) }
        guard let (segment, isNew) = taken else { return nil }
        let descriptors = descriptorByteCount(frameCount)
        guard !isNew || commitRecord(segment),
            memory.commit(start: layout.descriptorStart(segment), byteCount: descriptors)
        else {
            segments.withLock { isNew ? $0.putUnused(segment) : $0.putVacant(segment) }
            return nil
        }
        counters.overhead.add(descriptors / Page.byteCount, ordering: .relaxed)
        if isNew { noteSegmentUsed(segment) }
        return segment
    }

    func descriptorByteCount(_ frameCount: Int) -> Int {
        let used = ArenaLayout.runCount(frameCount: frameCount) * ArenaLayout.descriptorByteCount
        return ArenaLayout.roundUp(used, to: Page.byteCount)
    }

    /// Commits the frames that a new segment's record touches and that earlier records did not.
    private func commitRecord(_ segment: Int) -> Bool {
        let start = layout.recordStart(segment)
        let end = start + ArenaLayout.recordByteCount
        let firstNew =
            segment == 1
            ? layout.recordsStart
            : ArenaLayout.roundUp(start, to: Page.byteCount)
        let endNew = ArenaLayout.roundUp(end, to: Page.byteCount)
        guard endNew > firstNew else { return true }
        guard memory.commit(start: firstNew, byteCount: endNew - firstNew) else { return false }
        counters.overhead.add((endNew - firstNew) / Page.byteCount, ordering: .relaxed)
        return true
    }

    /// Commits whole segments until the reserve is full. False when there is no memory.
    func fillReserve(pending: inout PendingRelease) -> Bool {
        trimReserved()
        while !segments.withLock({ $0.isReserveFull }) {
            guard hasRoom(ArenaLayout.segmentFrameCount),
                let segment = takeSegment(descriptorsFor: 1)
            else { return false }
            let start = layout.segmentStart(segment)
            guard memory.commit(start: start, byteCount: ArenaLayout.segmentByteCount) else {
                releaseDescriptors(segment, from: 0, through: descriptorByteCount(1))
                segments.withLock { $0.putVacant(segment) }
                return false
            }
            counters.committedForRuns.add(ArenaLayout.segmentFrameCount, ordering: .relaxed)
            segments.withLock { $0.putReserved(segment) }
            growerSignal.announceGrowth()
        }
        return true
    }

    /// Gives back what a reserved segment has too much for the lane that took it: the frames behind the
    /// last whole run, and descriptors of runs that it does not have.
    private func trimReserved() {
        while let (segment, frameCount) = segments.withLock({ $0.takeUntrimmed() }) {
            releaseDescriptors(
                segment, from: descriptorByteCount(frameCount), through: descriptorByteCount(1))
            let used = ArenaLayout.runCount(frameCount: frameCount) * frameCount
            let unused = ArenaLayout.segmentFrameCount - used
            guard unused > 0 else { continue }
            memory.release(
                start: layout.segmentStart(segment) + used * Page.byteCount,
                byteCount: unused * Page.byteCount)
            counters.committedForRuns.subtract(unused, ordering: .relaxed)
        }
    }

    private func releaseDescriptors(_ segment: Int, from start: Int, through end: Int) {
        guard end > start else { return }
        memory.release(start: layout.descriptorStart(segment) + start, byteCount: end - start)
        counters.overhead.subtract((end - start) / Page.byteCount, ordering: .relaxed)
    }

    /// Takes what stayed free out of the lanes; it goes back once every worker passed a quiescent point.
    func beginRelease(_ pending: inout PendingRelease) {
        for frameCount in 1...Limits.runFrameCountMax {
            lanes[frameCount].state.withLock { lane in
                let keep = Self.cushionFrameCountHigh / frameCount
                let excess = min(lane.availableLow, lane.available) - keep
                lane.availableLow = lane.available
                guard excess > 0 else { return }
                takeExcess(min(excess, Self.releaseRunCount), &lane, &pending)
            }
        }
        pending.retired = takeRetired()
        if pending.isWaiting { pending.epoch = quiescence.advance() }
    }

    private func takeExcess(
        _ count: Int, _ lane: inout LaneState, _ pending: inout PendingRelease
    ) {
        var left = count
        // The first segment was freed into last: its frames are warm, so it is taken from last.
        var segment = records[lane.availableHead].nextAvailable
        if segment == 0 { segment = lane.availableHead }
        while left > 0 && segment != 0 {
            let record = records[segment]
            let next = record.nextAvailable
            while left > 0, let index = record.takeAvailable() {
                record.inTransitCount += 1
                lane.available -= 1
                left -= 1
                pending.runs.append((RunNumber(segment: segment, index: index), lane.runFrameCount))
            }
            if record.availableCount == 0 { lane.unlinkAvailable(segment, records) }
            segment = next
        }
        lane.availableLow = lane.available
    }

    /// Gives back what `beginRelease` took, if no worker can look at it any more.
    func finishRelease(_ pending: inout PendingRelease) {
        guard pending.isWaiting, quiescence.hasPassed(pending.epoch) else { return }
        freeRetired(pending.retired)
        pending.retired = nil
        for (run, frameCount) in pending.runs {
            memory.release(
                start: offset(of: run, frameCount: frameCount).rawValue,
                byteCount: frameCount * Page.byteCount)
            counters.committedForRuns.subtract(frameCount, ordering: .relaxed)
            let isVacant = lanes[frameCount].state.withLock { lane in
                let record = records[run.segment]
                record.inTransitCount -= 1
                record.putBack(run.index, committed: false)
                lane.holes += 1
                guard record.isVacant else { return false }
                lane.release(run.segment, records)
                return true
            }
            guard isVacant else { continue }
            releaseDescriptors(run.segment, from: 0, through: descriptorByteCount(frameCount))
            segments.withLock { $0.putVacant(run.segment) }
        }
        pending.runs.removeAll(keepingCapacity: true)
    }

    /// Gives everything back that is free beyond the cushions, at once. For tests, and after a big discard.
    /// No worker may stay inside a request for ever.
    public func giveBack() {
        growing.withLock { pending in
            // Three rounds: note what is free, take it out, give it back; more while there is more.
            repeat {
                beginRelease(&pending)
                beginRelease(&pending)
                while pending.isWaiting { finishRelease(&pending) }
            } while hasExcess
        }
    }
}
