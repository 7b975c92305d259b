import Glibc
import Synchronization
import Threads
import ZswapCore

/// Runs on their way back to the kernel: no thread can take them any more, but a reader may still
/// read them.
struct PendingRelease: Sendable {
    var runs: [(run: RunNumber, frameCount: Int)] = []
    /// Table runs that were unlinked; they become free after the epoch.
    var retired: RunNumber?
    var epoch: UInt64 = 0
    var isWaiting: Bool { !runs.isEmpty || retired != nil }
}

/// Giving memory back to the kernel: what stayed free for a while, and what was retired.
///
///     free run -> out of its lane -> every worker passed a quiescent point -> punched out: a hole
extension Arena {
    /// Most runs given back at a time, so that a lane's lock is held briefly.
    private static let releaseRunCount = 256

    var hasExcess: Bool {
        (1...Limits.runFrameCountMax).contains { lanes[$0].state.withLock { $0.hasExcess } }
    }

    /// Whether some lane exceeds its high mark, or exceeded it since the grower's last look.
    var mayHaveExcess: Bool {
        (1...Limits.runFrameCountMax).contains {
            lanes[$0].state.withLock { $0.hasExcess || $0.isExcessTold }
        }
    }

    /// Takes runs that stayed free out of the lanes; they are released once every worker passed a
    /// quiescent point.
    func beginRelease(_ pending: inout PendingRelease) {
        for frameCount in 1...Limits.runFrameCountMax {
            // Behind the lane's lock nothing may be allocated.
            pending.runs.reserveCapacity(pending.runs.count + Self.releaseRunCount)
            lanes[frameCount].state.withLock { lane in
                let keep = Self.laneFrameCountHigh / frameCount
                let excess = min(lane.availableLow, lane.available) - keep
                lane.availableLow = lane.available
                lane.isExcessTold = lane.hasExcess
                guard excess > 0 else { return }
                takeExcess(min(excess, Self.releaseRunCount), &lane, &pending)
            }
        }
        if pending.retired == nil { pending.retired = takeRetired() }
        guard pending.isWaiting else { return }
        let epoch = quiescence.advance()
        invariant(epoch > pending.epoch, "what is read may be released before its readers leave")
        pending.epoch = epoch
    }

    private func takeExcess(
        _ count: Int, _ lane: inout LaneState, _ pending: inout PendingRelease
    ) {
        invariant(count > 0 && count <= lane.available, "a lane has no such excess")
        var left = count
        // The first segment was freed into last: its frames are warm, so it is taken from last.
        var segment = records[lane.availableHead].nextAvailable
        if segment == 0 { segment = lane.availableHead }
        while left > 0 && segment != 0 {
            let record = records[segment]
            let next = record.nextAvailable
            while left > 0, let index = record.takeForRelease() {
                deepInvariant(
                    pending.runs.count < pending.runs.capacity, "a list grows behind a lane's lock")
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

    /// Releases what `beginRelease` took, if no worker can read it any more. True when memory was
    /// released.
    @discardableResult
    func finishRelease(_ pending: inout PendingRelease) -> Bool {
        guard pending.isWaiting, quiescence.hasPassed(pending.epoch) else { return false }
        let givesBack = !pending.runs.isEmpty
        freeRetired(pending.retired)
        pending.retired = nil
        for (run, frameCount) in pending.runs {
            memory.release(
                start: offset(of: run, frameCount: frameCount).rawValue,
                byteCount: frameCount * Page.byteCount)
            noteReleased(frameCount: frameCount)
            let isVacant = lanes[frameCount].state.withLock { lane in
                let record = records[run.segment]
                invariant(record.inTransitCount > 0, "a run comes back that was not in transit")
                invariant(record.runFrameCount == frameCount, "a run comes back to another lane")
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
        return givesBack
    }

    /// Gives everything back that is free above the high marks, at once. For tests, and after a big
    /// discard. No worker may stay inside a request for ever.
    public func giveBack() {
        repeat {
            growing.withLock { pending in
                // First, because a segment that becomes vacant must not be trimmed later on, in
                // another lane.
                trimReserved()
                // Twice: note what is free, then take out what stayed so.
                beginRelease(&pending)
                beginRelease(&pending)
            }
            // The lock is dropped in between: a worker that this waits for may wait for the grower.
            while growing.withLock({ finishReleaseIfDue(&$0) }) { sched_yield() }
        } while hasExcess || hasRetired
    }

    /// True while something still waits for workers.
    private func finishReleaseIfDue(_ pending: inout PendingRelease) -> Bool {
        // Again: a taker may have made a reserved segment its lane's since `giveBack` trimmed.
        trimReserved()
        finishRelease(&pending)
        return pending.isWaiting
    }
}
