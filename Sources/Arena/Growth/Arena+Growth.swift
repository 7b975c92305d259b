import Synchronization
import Threads
import ZswapCore

/// The work of the grower. None of it runs in a serving thread.
extension Arena {
    /// A lane with less than this in available runs is scarce: 256 KiB.
    static let laneFrameCountLow = 64
    /// A lane with more than this for a while gives the rest back: 1 MiB.
    static let laneFrameCountHigh = 256
    /// Most frames committed for a lane at a time.
    private static let commitFrameCount = 64

    /// One round: releases what is due and fills the lanes and the reserve, unless `pause` says
    /// that it is too early to ask again. `looksForExcess`: enough time passed since the last look
    /// at what stayed free. Returns true when more has to be released later.
    func growRound(
        pending: inout PendingRelease, pause: inout GrowthPause, looksForExcess: Bool
    ) -> Bool {
        trimReserved()
        // Memory that was just released can be committed again at once.
        if finishRelease(&pending) { pause = GrowthPause() }
        let now = MonotonicClock.nanoseconds
        if pause.lanes.isOver(at: now) {
            let isRefused = !fillLanes()
            growerSignal.setRefused(isRefused)
            pause.lanes.note(isRefused: isRefused, at: now)
        }
        // An empty reserve alone refuses no taker: the lanes may still have all they need.
        if pause.reserve.isOver(at: now) { pause.reserve.note(isRefused: !fillReserve(), at: now) }
        if looksForExcess && !pending.isWaiting { beginRelease(&pending) }
        return pending.isWaiting || mayHaveExcess || hasRetired
    }

    /// Fills every lane that is scarce. False when one could not be filled.
    private func fillLanes() -> Bool {
        var isFilled = true
        for frameCount in 1...Limits.runFrameCountMax {
            while isScarce(frameCount) {
                guard growLane(frameCount) else {
                    isFilled = false
                    break
                }
            }
        }
        return isFilled
    }

    private func isScarce(_ frameCount: Int) -> Bool {
        lanes[frameCount].state.withLock {
            $0.isActive && $0.available * frameCount < Self.laneFrameCountLow
        }
    }

    /// Frames that may still be committed. Only the grower commits, so no other thread uses them
    /// up.
    private var roomFrameCount: Int {
        let committed = counters.committedForRuns.load(ordering: .relaxed)
        return layout.capacityFrameCount - committed - counters.overhead
    }

    /// Commits some holes of a lane. False when there is no memory.
    func growLane(_ frameCount: Int) -> Bool {
        invariant(
            frameCount >= 1 && frameCount <= Limits.runFrameCountMax, "no run has that length")
        let hasHoles = lanes[frameCount].state.withLock { $0.holes > 0 }
        if !hasHoles {
            let overhead =
                Self.recordFrameCountMax + descriptorByteCount(frameCount) / Page.byteCount
            guard roomFrameCount >= overhead + frameCount,
                let segment = takeSegment(descriptorsFor: frameCount)
            else { return false }
            lanes[frameCount].state.withLock { lane in
                records[segment].assign(runFrameCount: frameCount, committed: false)
                lane.adopt(segment, records)
            }
        }
        // Near the capacity a few runs are better than none.
        let wanted = min(max(Self.commitFrameCount / frameCount, 1), roomFrameCount / frameCount)
        guard wanted > 0 else { return false }
        var runs = takeHoles(frameCount, atMost: wanted)[...]
        var isCommitted = true
        while let first = runs.first {
            // Neighbours are committed by one system call.
            let count = runs.indices.prefix { runs[$0].isBehind(first, by: $0 - runs.startIndex) }
                .count
            let start = offset(of: first, frameCount: frameCount).rawValue
            isCommitted =
                isCommitted
                && memory.commit(start: start, byteCount: count * frameCount * Page.byteCount)
            putBack(runs.prefix(count), frameCount: frameCount, committed: isCommitted)
            runs = runs.dropFirst(count)
        }
        growerSignal.announceGrowth()
        return isCommitted
    }

    /// Makes runs free that were in transit.
    private func putBack(
        _ runs: ArraySlice<RunNumber>, frameCount: Int, committed isCommitted: Bool
    ) {
        lanes[frameCount].state.withLock { lane in
            for run in runs {
                let record = records[run.segment]
                invariant(record.inTransitCount > 0, "a run comes back that was not in transit")
                invariant(record.runFrameCount == frameCount, "a run comes back to another lane")
                record.inTransitCount -= 1
                if isCommitted {
                    lane.putBack(run, records)
                } else {
                    record.putBack(run.index, committed: false)
                    lane.holes += 1
                }
            }
        }
        guard isCommitted else { return }
        counters.committedForRuns.add(runs.count * frameCount, ordering: .relaxed)
    }

    private func takeHoles(_ frameCount: Int, atMost count: Int) -> [RunNumber] {
        var runs: [RunNumber] = []
        // Behind the lane's lock nothing may be allocated.
        runs.reserveCapacity(count)
        lanes[frameCount].state.withLock { lane in
            var segment = lane.laneHead
            while segment != 0 && runs.count < count {
                let record = records[segment]
                while runs.count < count, let index = record.takeHole() {
                    invariant(lane.holes > 0, "a lane counts fewer holes than it has")
                    record.inTransitCount += 1
                    lane.holes -= 1
                    runs.append(RunNumber(segment: segment, index: index))
                }
                segment = record.nextInLane
            }
        }
        invariant(!runs.isEmpty, "a lane counts holes that it does not have")
        return runs
    }

    /// Takes a vacant or new segment, and commits its record and the descriptors that its runs
    /// need.
    private func takeSegment(descriptorsFor frameCount: Int) -> Int? {
        let taken = segments.withLock { $0.takeVacant(segmentCount: layout.segmentCount) }
        guard let (segment, isNew) = taken else { return nil }
        invariant(segment > 0 && segment < layout.segmentCount, "no segment has that number")
        let descriptors = descriptorByteCount(frameCount)
        if isNew {
            guard commitRecord(segment) else {
                segments.withLock { $0.putUnused(segment) }
                return nil
            }
            // Its record is there and counted from here on, whether the rest works or not.
            noteSegmentUsed(segment)
        }
        guard memory.commit(start: layout.descriptorStart(segment), byteCount: descriptors) else {
            segments.withLock { $0.putVacant(segment) }
            return nil
        }
        counters.descriptors.add(descriptors / Page.byteCount, ordering: .relaxed)
        deepInvariant(
            descriptors <= ArenaLayout.segmentDescriptorByteCount,
            "descriptors reach into the next segment's")
        return segment
    }

    func descriptorByteCount(_ frameCount: Int) -> Int {
        let used = ArenaLayout.runCount(frameCount: frameCount) * ArenaLayout.descriptorByteCount
        return ArenaLayout.roundUp(used, to: Page.byteCount)
    }

    /// Most frames that one new record commits: it may lie across a border.
    private static let recordFrameCountMax = 2

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
        invariant(
            (endNew - firstNew) / Page.byteCount <= Self.recordFrameCountMax,
            "a record takes more memory than there was room for")
        guard memory.commit(start: firstNew, byteCount: endNew - firstNew) else { return false }
        counters.segmentRecords.add((endNew - firstNew) / Page.byteCount, ordering: .relaxed)
        return true
    }

    /// Commits whole segments until the reserve is full or the arena's size is reached. False when
    /// the kernel has no memory.
    func fillReserve() -> Bool {
        trimReserved()
        let overhead = Self.recordFrameCountMax + descriptorByteCount(1) / Page.byteCount
        while !segments.withLock({ $0.isReserveFull }) {
            guard roomFrameCount >= ArenaLayout.segmentFrameCount + overhead else { return true }
            guard let segment = takeSegment(descriptorsFor: 1) else { return false }
            let start = layout.segmentStart(segment)
            guard memory.commit(start: start, byteCount: ArenaLayout.segmentByteCount) else {
                releaseDescriptors(segment, from: 0, through: descriptorByteCount(1))
                segments.withLock { $0.putVacant(segment) }
                return false
            }
            counters.committedForRuns.add(ArenaLayout.segmentFrameCount, ordering: .relaxed)
            deepInvariant(roomFrameCount >= 0, "the reserve goes beyond the capacity")
            segments.withLock { $0.putReserved(segment) }
            growerSignal.announceGrowth()
        }
        return true
    }

    /// Releases the parts of reserved segments that their lanes can't use: the frames behind the
    /// last whole run, and the unused descriptors.
    func trimReserved() {
        while let (segment, frameCount) = segments.withLock({ $0.takeUntrimmed() }) {
            releaseDescriptors(
                segment, from: descriptorByteCount(frameCount), through: descriptorByteCount(1))
            let used = ArenaLayout.runCount(frameCount: frameCount) * frameCount
            let unused = ArenaLayout.segmentFrameCount - used
            guard unused > 0 else { continue }
            memory.release(
                start: layout.segmentStart(segment) + used * Page.byteCount,
                byteCount: unused * Page.byteCount)
            noteReleased(frameCount: unused)
        }
    }

    func releaseDescriptors(_ segment: Int, from start: Int, through end: Int) {
        guard end > start else { return }
        memory.release(start: layout.descriptorStart(segment) + start, byteCount: end - start)
        let left = counters.descriptors
            .subtract((end - start) / Page.byteCount, ordering: .relaxed).newValue
        invariant(left >= 0, "more descriptors are released than were committed")
    }

    /// Frames of segments have no memory any more.
    func noteReleased(frameCount: Int) {
        let left = counters.committedForRuns.subtract(frameCount, ordering: .relaxed).newValue
        invariant(left >= 0, "more frames are released than were committed")
    }
}
