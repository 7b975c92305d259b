import Threads
import ZswapCore

/// The segments that hold runs of one length: there runs of that length are taken and put back.
///
///     lane for 7 frames   available: segment 12 <-> segment 4      all: 12 <-> 9 <-> 4
///
/// Law: `available` of the lane is the sum over its segments. A segment belongs to one lane or to
/// none. Lock order: a lane's lock is the innermost of the project; nothing is called while it is
/// held.
struct LaneState: Sendable {
    let runFrameCount: Int
    /// First segment with available runs, 0 when there is none. Most recently freed into first.
    var availableHead = 0
    /// First of all segments of the lane.
    var laneHead = 0
    /// Free, committed runs.
    var available = 0
    /// Free runs without memory.
    var holes = 0
    /// A run of this length was taken once, so the grower keeps free ones.
    var isActive = false
    /// Least `available` since the grower's last look: that many runs were not needed and can be
    /// released.
    var availableLow = 0
    /// The grower was told that the lane exceeds its high mark. Cleared when the grower looks and
    /// the lane does not.
    var isExcessTold = false

    /// More is free than the high mark.
    var hasExcess: Bool { available * runFrameCount > Arena.laneFrameCountHigh }
}

/// A lane behind its lock. A class, because a lock must not move.
final class Lane: Sendable {
    let state: ServingLock<LaneState>

    init(runFrameCount: Int) {
        state = ServingLock(LaneState(runFrameCount: runFrameCount))
    }
}

extension LaneState {
    /// Takes an available run.
    mutating func take(_ records: SegmentRecords) -> RunNumber? {
        isActive = true
        guard availableHead != 0 else { return nil }
        let segment = availableHead
        let record = records[segment]
        guard let index = record.takeAvailable() else {
            unreachable("a segment without available runs is in the available list")
        }
        invariant(available > 0, "a lane has fewer runs than its segments")
        deepInvariant(
            index < ArenaLayout.runCount(frameCount: runFrameCount), "a segment has no such run")
        available -= 1
        availableLow = min(availableLow, available)
        if record.availableCount == 0 { unlinkAvailable(segment, records) }
        return RunNumber(segment: segment, index: index)
    }

    /// Puts a committed run back.
    mutating func putBack(_ run: RunNumber, _ records: SegmentRecords) {
        let record = records[run.segment]
        invariant(record.runFrameCount == runFrameCount, "a run was freed with the wrong length")
        deepInvariant(
            run.index < ArenaLayout.runCount(frameCount: runFrameCount), "a segment has no such run"
        )
        record.putBack(run.index, committed: true)
        available += 1
        if record.availableCount == 1 { linkAvailable(run.segment, records) }
    }

    /// Adds a segment whose record the caller has assigned.
    mutating func adopt(_ segment: Int, _ records: SegmentRecords) {
        let record = records[segment]
        invariant(record.runFrameCount == runFrameCount, "a segment joins another length's lane")
        deepInvariant(laneHead != segment, "a segment is in its lane twice")
        record.previousInLane = 0
        record.nextInLane = laneHead
        if laneHead != 0 { records[laneHead].previousInLane = segment }
        laneHead = segment
        available += record.availableCount
        holes += record.freeCount - record.availableCount
        invariant(holes >= 0, "a segment has more runs with memory than runs")
        if record.availableCount > 0 { linkAvailable(segment, records) }
    }

    /// Removes a vacant segment.
    mutating func release(_ segment: Int, _ records: SegmentRecords) {
        let record = records[segment]
        invariant(record.isVacant, "a segment leaves its lane with a run in use")
        deepInvariant(record.runFrameCount == runFrameCount, "a segment leaves another lane")
        deepInvariant(availableHead != segment, "a vacant segment has available runs")
        deepInvariant(
            record.previousInLane != 0 || laneHead == segment, "a segment leaves its lane twice")
        if record.previousInLane != 0 {
            records[record.previousInLane].nextInLane = record.nextInLane
        } else {
            laneHead = record.nextInLane
        }
        if record.nextInLane != 0 {
            records[record.nextInLane].previousInLane = record.previousInLane
        }
        holes -= record.freeCount
        invariant(holes >= 0, "a lane has fewer holes than its segments")
        record.runFrameCount = 0
    }

    mutating func linkAvailable(_ segment: Int, _ records: SegmentRecords) {
        let record = records[segment]
        deepInvariant(record.availableCount > 0, "a segment without available runs is linked")
        deepInvariant(availableHead != segment, "a segment is in the available list twice")
        record.previousAvailable = 0
        record.nextAvailable = availableHead
        if availableHead != 0 { records[availableHead].previousAvailable = segment }
        availableHead = segment
    }

    mutating func unlinkAvailable(_ segment: Int, _ records: SegmentRecords) {
        let record = records[segment]
        deepInvariant(record.availableCount == 0, "a segment with available runs is unlinked")
        deepInvariant(
            record.previousAvailable != 0 || availableHead == segment,
            "a segment is not in the available list")
        if record.previousAvailable != 0 {
            records[record.previousAvailable].nextAvailable = record.nextAvailable
        } else {
            availableHead = record.nextAvailable
        }
        if record.nextAvailable != 0 {
            records[record.nextAvailable].previousAvailable = record.previousAvailable
        }
    }
}

/// All segment records, by segment number.
struct SegmentRecords: Sendable {
    let memory: FrameMemory
    let layout: ArenaLayout

    subscript(segment: Int) -> SegmentRecord {
        deepInvariant(segment > 0 && segment < layout.segmentCount, "no segment has that number")
        return SegmentRecord(address: memory.base + layout.recordStart(segment))
    }
}
