import ZswapCore

/// Segments that belong to no lane: never used, vacant again, or committed in reserve.
///
/// Law: a segment number is in exactly one of: not used yet (>= nextUnused), `vacant`, `reserved`,
/// a lane, or the grower's current work. Arrays have their capacity from the start, so taking and
/// adding never allocate: serving threads wait for the stock's lock.
struct SegmentStock: Sendable {
    /// Segment 0 is never used, so that 0 can mean "no run".
    private(set) var nextUnused = 1
    private var vacant: [Int] = []
    private var reserved: [Int] = []
    /// Reserved segments that became a lane's; the grower gives back what their lane can't use.
    private var untrimmed: [(segment: Int, frameCount: Int)] = []
    let reserveCapacity: Int

    /// Creates the stock of an arena with `segmentCount` segments.
    init(reserveCapacity: Int, segmentCount: Int) {
        self.reserveCapacity = reserveCapacity
        reserved.reserveCapacity(reserveCapacity)
        untrimmed.reserveCapacity(reserveCapacity)
        vacant.reserveCapacity(segmentCount)
    }

    var isReserveFull: Bool { reserved.count >= reserveCapacity }

    /// A committed segment for this lane at once.
    mutating func takeReserved(for frameCount: Int) -> Int? {
        guard untrimmed.count < reserveCapacity, let segment = reserved.popLast() else {
            return nil
        }
        untrimmed.append((segment, frameCount))
        return segment
    }

    mutating func putReserved(_ segment: Int) {
        invariant(segment > 0 && segment < nextUnused, "a segment is reserved that none has used")
        deepInvariant(!holds(segment), "a segment is in the stock twice")
        reserved.append(segment)
    }

    /// Whether the segment is here, or waits to be trimmed.
    private func holds(_ segment: Int) -> Bool {
        vacant.contains(segment) || reserved.contains(segment)
            || untrimmed.contains { $0.segment == segment }
    }

    /// Takes an unused segment; nil when the address space is used up.
    mutating func takeVacant(segmentCount: Int) -> (segment: Int, isNew: Bool)? {
        if let segment = vacant.popLast() { return (segment, false) }
        guard nextUnused < segmentCount else { return nil }
        nextUnused += 1
        return (nextUnused - 1, true)
    }

    /// Puts back a new segment whose record could not be committed.
    mutating func putUnused(_ segment: Int) {
        invariant(segment > 0, "segment 0 is never used")
        invariant(segment == nextUnused - 1, "an older segment counts as never used")
        nextUnused = segment
    }

    /// Adds a segment that no lane has, and of which nothing is left to trim.
    mutating func putVacant(_ segment: Int) {
        invariant(segment > 0 && segment < nextUnused, "a segment is vacant that none has used")
        deepInvariant(!holds(segment), "a segment is in the stock twice")
        vacant.append(segment)
    }

    mutating func takeUntrimmed() -> (segment: Int, frameCount: Int)? { untrimmed.popLast() }

    /// After a reopening: segments below this number exist.
    mutating func reopen(nextUnused: Int) {
        invariant(self.nextUnused == 1, "an arena is reopened that is in use")
        invariant(nextUnused >= 1, "segment 0 is never used")
        self.nextUnused = nextUnused
    }
}
