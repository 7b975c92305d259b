import ZswapCore

/// The record of one segment: 512 frames that hold runs of one length. It lies in the arena, so
/// that a successor finds which frames are committed.
///
///     0    free: 512 bits, one a run       64   committed: 512 bits
///     128  numbers and links: Fields
///
/// Law: available == |free & committed|. A run whose free bit is clear is in use or in transit
/// (being committed or given back by the grower). A segment is in the lane's available list iff
/// available > 0. All fields are guarded by the lock of the lane that the segment is assigned to.
// An address in the arena; the lane's lock guards what is there.
struct SegmentRecord: @unchecked Sendable {
    private static let wordCount = ArenaLayout.segmentFrameCount / UInt64.bitWidth

    /// The places of the record's fields. Numbers of segments link a list; 0 ends it.
    enum Fields {
        /// A bit for each run.
        static var free: RecordCells { RecordCells(at: 0, byteCount: 8, count: wordCount) }
        /// A bit for each run.
        static var committed: RecordCells { RecordCells(at: 64, byteCount: 8, count: wordCount) }
        /// 0: the segment has no lane.
        static var runFrameCount: RecordField<UInt32> { RecordField(at: 128) }
        /// In runs.
        static var availableCount: RecordField<UInt32> { RecordField(at: 132) }
        static var nextAvailable: RecordField<UInt32> { RecordField(at: 136) }
        static var previousAvailable: RecordField<UInt32> { RecordField(at: 140) }
        static var nextInLane: RecordField<UInt32> { RecordField(at: 144) }
        static var previousInLane: RecordField<UInt32> { RecordField(at: 148) }
        /// In runs.
        static var inTransitCount: RecordField<UInt32> { RecordField(at: 152) }

        static var layout: RecordLayout {
            RecordLayout(
                byteCount: ArenaLayout.recordByteCount,
                spans: [
                    free.span, committed.span, runFrameCount.span, availableCount.span,
                    nextAvailable.span, previousAvailable.span, nextInLane.span,
                    previousInLane.span, inTransitCount.span,
                ])
        }
    }

    let address: UnsafeMutableRawPointer

    private var free: UnsafeMutablePointer<UInt64> { words(Fields.free) }
    private var committed: UnsafeMutablePointer<UInt64> { words(Fields.committed) }
    private func words(_ cells: RecordCells) -> UnsafeMutablePointer<UInt64> {
        (address + cells.start).assumingMemoryBound(to: UInt64.self)
    }
    private func value(_ field: RecordField<UInt32>) -> UnsafeMutablePointer<UInt32> {
        (address + field.offset).assumingMemoryBound(to: UInt32.self)
    }

    var runFrameCount: Int {
        get { Int(value(Fields.runFrameCount).pointee) }
        nonmutating set { value(Fields.runFrameCount).pointee = UInt32(newValue) }
    }
    var availableCount: Int {
        get { Int(value(Fields.availableCount).pointee) }
        nonmutating set { value(Fields.availableCount).pointee = UInt32(newValue) }
    }
    var nextAvailable: Int {
        get { Int(value(Fields.nextAvailable).pointee) }
        nonmutating set { value(Fields.nextAvailable).pointee = UInt32(newValue) }
    }
    var previousAvailable: Int {
        get { Int(value(Fields.previousAvailable).pointee) }
        nonmutating set { value(Fields.previousAvailable).pointee = UInt32(newValue) }
    }
    var nextInLane: Int {
        get { Int(value(Fields.nextInLane).pointee) }
        nonmutating set { value(Fields.nextInLane).pointee = UInt32(newValue) }
    }
    var previousInLane: Int {
        get { Int(value(Fields.previousInLane).pointee) }
        nonmutating set { value(Fields.previousInLane).pointee = UInt32(newValue) }
    }
    var inTransitCount: Int {
        get { Int(value(Fields.inTransitCount).pointee) }
        nonmutating set { value(Fields.inTransitCount).pointee = UInt32(newValue) }
    }

    /// Makes every run of the segment free, committed or not. The caller sets the links.
    func assign(runFrameCount count: Int, committed isCommitted: Bool) {
        invariant(count >= 1 && count <= Limits.runFrameCountMax, "no run has that length")
        let runs = ArenaLayout.runCount(frameCount: count)
        runFrameCount = count
        availableCount = isCommitted ? runs : 0
        inTransitCount = 0
        for word in 0..<Self.wordCount {
            let mask = Self.mask(ofRuns: runs, word)
            free[word] = mask
            committed[word] = isCommitted ? mask : 0
        }
        deepInvariant(freeCount == runs, "a segment has other runs than fit into it")
        deepInvariant(availableCount == availableBitCount, "available runs are miscounted")
    }

    /// The bits of the first `runs` runs that one of the words has.
    private static func mask(ofRuns runs: Int, _ word: Int) -> UInt64 {
        let bits = min(max(runs - word * 64, 0), 64)
        return bits == 64 ? UInt64.max : (1 << UInt64(bits)) - 1
    }

    /// Takes the lowest run that is free and committed.
    func takeAvailable() -> Int? {
        for word in 0..<Self.wordCount {
            let candidates = free[word] & committed[word]
            guard candidates != 0 else { continue }
            invariant(availableCount > 0, "a segment has more available runs than it counts")
            free[word] &= ~(candidates & (~candidates &+ 1))
            availableCount -= 1
            return word * 64 + candidates.trailingZeroBitCount
        }
        invariant(availableCount == 0, "a segment counts available runs that it does not have")
        return nil
    }

    /// Takes the lowest run that is free and not committed: a hole.
    func takeHole() -> Int? {
        for word in 0..<Self.wordCount {
            let candidates = free[word] & ~committed[word]
            guard candidates != 0 else { continue }
            free[word] &= ~(candidates & (~candidates &+ 1))
            let index = word * 64 + candidates.trailingZeroBitCount
            deepInvariant(
                index < ArenaLayout.runCount(frameCount: runFrameCount), "a hole behind all runs")
            return index
        }
        return nil
    }

    /// Makes a run free; `committed` says whether it has memory.
    func putBack(_ index: Int, committed isCommitted: Bool) {
        let bit: UInt64 = 1 << UInt64(index % 64)
        invariant(free[index / 64] & bit == 0, "a run was freed twice")
        free[index / 64] |= bit
        if isCommitted {
            committed[index / 64] |= bit
            availableCount += 1
        } else {
            committed[index / 64] &= ~bit
        }
    }

    /// Takes the lowest available run, to release it. Clears its committed bit first, so that a
    /// successor never takes a hole for memory.
    func takeForRelease() -> Int? {
        guard let index = takeAvailable() else { return nil }
        committed[index / 64] &= ~(1 << UInt64(index % 64))
        return index
    }

    /// The runs that have memory, a bit each.
    var committedWords: [UInt64] { (0..<Self.wordCount).map { committed[$0] } }

    /// Shows all frames of the segment in stretches that have memory or have none. A standby looks
    /// at records that another process writes, so the length of the runs is read once.
    func forEachStretch(_ body: (Range<Int>, Bool) -> Void) {
        let length = runFrameCount
        var frame = 0
        while frame < ArenaLayout.segmentFrameCount {
            let isCommitted = isCommitted(frame: frame, ofRunsOf: length)
            var end = frame + 1
            while end < ArenaLayout.segmentFrameCount,
                self.isCommitted(frame: end, ofRunsOf: length) == isCommitted
            {
                end += 1
            }
            body(frame..<end, isCommitted)
            frame = end
        }
    }

    /// Whether a frame of the segment belongs to a run with memory.
    func isCommitted(frame: Int) -> Bool { isCommitted(frame: frame, ofRunsOf: runFrameCount) }

    private func isCommitted(frame: Int, ofRunsOf frameCount: Int) -> Bool {
        // A segment without a lane has no runs.
        guard frameCount > 0 else { return false }
        let index = frame / frameCount
        return index < ArenaLayout.runCount(frameCount: frameCount) && isCommitted(run: index)
    }

    /// Whether a run of the segment has memory.
    func isCommitted(run index: Int) -> Bool {
        committed[index / 64] & 1 << UInt64(index % 64) != 0
    }

    /// Marks a run as in use that a dead process left in use. False when it is in use already.
    func claim(_ index: Int) -> Bool {
        let bit: UInt64 = 1 << UInt64(index % 64)
        guard free[index / 64] & committed[index / 64] & bit != 0 else { return false }
        free[index / 64] &= ~bit
        availableCount -= 1
        return true
    }

    /// Marks all runs as free; the committed bits stay. Only before the first claim.
    func forgetUse() {
        let runs = ArenaLayout.runCount(frameCount: runFrameCount)
        inTransitCount = 0
        availableCount = 0
        for word in 0..<Self.wordCount {
            free[word] = Self.mask(ofRuns: runs, word)
            committed[word] &= free[word]
            availableCount += committed[word].nonzeroBitCount
        }
        deepInvariant(freeCount == runs, "a segment has other runs than fit into it")
        deepInvariant(availableCount == availableBitCount, "available runs are miscounted")
    }

    /// Runs that are free and have memory, by their bits.
    private var availableBitCount: Int {
        (0..<Self.wordCount).reduce(0) { $0 + (free[$1] & committed[$1]).nonzeroBitCount }
    }

    /// Runs with memory that are not free.
    var inUseCount: Int {
        (0..<Self.wordCount).reduce(0) { $0 + (committed[$1] & ~free[$1]).nonzeroBitCount }
    }
    var freeCount: Int { (0..<Self.wordCount).reduce(0) { $0 + free[$1].nonzeroBitCount } }
    var committedCount: Int {
        (0..<Self.wordCount).reduce(0) { $0 + committed[$1].nonzeroBitCount }
    }

    /// Nothing in use, nothing committed, nothing in transit: the segment can serve another length.
    var isVacant: Bool {
        inTransitCount == 0 && committedCount == 0
            && freeCount == ArenaLayout.runCount(frameCount: runFrameCount)
    }
}
