import ZswapCore

/// What the arena knows of one segment: 512 frames that hold runs of one length. Lives in the
/// arena, so that a new process finds which frames are committed.
///
///     0    free: 512 bits, one a run       64   committed: 512 bits
///     128  frames a run (0: unassigned)   132  available   136  next, previous with available runs
///     144  next, previous of the lane      152  runs in transit
///
/// Law: available == |free & committed|. A run whose free bit is clear is in use or in transit
/// (being committed or given back by the grower). A segment is in the lane's available list iff
/// available > 0. All fields are guarded by the lock of the lane that the segment is assigned to.
// An address in the arena; the lane's lock guards what is there.
struct SegmentRecord: @unchecked Sendable {
    private static let wordCount = 8

    let address: UnsafeMutableRawPointer

    private var free: UnsafeMutablePointer<UInt64> { address.assumingMemoryBound(to: UInt64.self) }
    private var committed: UnsafeMutablePointer<UInt64> { free + Self.wordCount }
    private func field(_ offset: Int) -> UnsafeMutablePointer<UInt32> {
        (address + offset).assumingMemoryBound(to: UInt32.self)
    }

    var runFrameCount: Int {
        get { Int(field(128).pointee) }
        nonmutating set { field(128).pointee = UInt32(newValue) }
    }
    var availableCount: Int {
        get { Int(field(132).pointee) }
        nonmutating set { field(132).pointee = UInt32(newValue) }
    }
    var nextAvailable: Int {
        get { Int(field(136).pointee) }
        nonmutating set { field(136).pointee = UInt32(newValue) }
    }
    var previousAvailable: Int {
        get { Int(field(140).pointee) }
        nonmutating set { field(140).pointee = UInt32(newValue) }
    }
    var nextInLane: Int {
        get { Int(field(144).pointee) }
        nonmutating set { field(144).pointee = UInt32(newValue) }
    }
    var previousInLane: Int {
        get { Int(field(148).pointee) }
        nonmutating set { field(148).pointee = UInt32(newValue) }
    }
    var inTransitCount: Int {
        get { Int(field(152).pointee) }
        nonmutating set { field(152).pointee = UInt32(newValue) }
    }

    /// Makes every run of the segment free; committed or not as told. Links are the caller's.
    func assign(runFrameCount count: Int, committed isCommitted: Bool) {
        let runs = ArenaLayout.runCount(frameCount: count)
        runFrameCount = count
        availableCount = isCommitted ? runs : 0
        inTransitCount = 0
        for word in 0..<Self.wordCount {
            let bits = min(max(runs - word * 64, 0), 64)
            let mask = bits == 64 ? UInt64.max : (1 << UInt64(bits)) - 1
            free[word] = mask
            committed[word] = isCommitted ? mask : 0
        }
    }

    /// Takes the lowest run that is free and committed.
    func takeAvailable() -> Int? {
        for word in 0..<Self.wordCount {
            let candidates = free[word] & committed[word]
            guard candidates != 0 else { continue }
            free[word] &= ~(candidates & (~candidates &+ 1))
            availableCount -= 1
            return word * 64 + candidates.trailingZeroBitCount
        }
        return nil
    }

    /// Takes the lowest run that is free and not committed: a hole.
    func takeHole() -> Int? {
        for word in 0..<Self.wordCount {
            let candidates = free[word] & ~committed[word]
            guard candidates != 0 else { continue }
            free[word] &= ~(candidates & (~candidates &+ 1))
            return word * 64 + candidates.trailingZeroBitCount
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

    /// Takes the lowest available run, to release it: from here on it does not count as committed,
    /// so that a process that finds the record later never takes a hole for memory.
    func takeForRelease() -> Int? {
        guard let index = takeAvailable() else { return nil }
        committed[index / 64] &= ~(1 << UInt64(index % 64))
        return index
    }

    /// Which runs have memory, a bit each.
    var committedWords: [UInt64] { (0..<Self.wordCount).map { committed[$0] } }

    /// Shows all frames of the segment in stretches that have memory or have none.
    func forEachStretch(_ body: (Range<Int>, Bool) -> Void) {
        var frame = 0
        while frame < ArenaLayout.segmentFrameCount {
            let isCommitted = isCommitted(frame: frame)
            var end = frame + 1
            while end < ArenaLayout.segmentFrameCount, self.isCommitted(frame: end) == isCommitted {
                end += 1
            }
            body(frame..<end, isCommitted)
            frame = end
        }
    }

    /// Whether a frame of the segment belongs to a run with memory.
    func isCommitted(frame: Int) -> Bool {
        let index = frame / runFrameCount
        guard index < ArenaLayout.runCount(frameCount: runFrameCount) else { return false }
        return committed[index / 64] & 1 << UInt64(index % 64) != 0
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

    /// Forgets which runs were in use; what is committed stays known. Only before anything is
    /// claimed.
    func forgetUse() {
        let runs = ArenaLayout.runCount(frameCount: runFrameCount)
        inTransitCount = 0
        availableCount = 0
        for word in 0..<Self.wordCount {
            let bits = min(max(runs - word * 64, 0), 64)
            free[word] = bits == 64 ? UInt64.max : (1 << UInt64(bits)) - 1
            committed[word] &= free[word]
            availableCount += committed[word].nonzeroBitCount
        }
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
