import ZswapCore

/// Segments that belong to no lane: never used, vacant again, or committed in reserve.
///
/// Law: a segment number is in exactly one of: not used yet (>= nextUnused), `vacant`, `reserved`,
/// a lane, or in the grower's hands. Arrays have their capacity from the start: taking from them
/// and adding to them never allocates: the stock is behind a lock that serving threads want.
struct SegmentStock: Sendable {
    /// Segment 0 is never used, so that 0 can mean "no run".
    private(set) var nextUnused = 1
    private var vacant: [Int] = []
    private var reserved: [Int] = []
    /// Reserved segments that became a lane's; the grower gives back what their lane can't use.
    private var untrimmed: [(segment: Int, frameCount: Int)] = []
    let reserveCapacity: Int

    /// A stock of a memory that has so many segments.
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

    mutating func putReserved(_ segment: Int) { reserved.append(segment) }

    /// A segment that nobody uses; nil when the address space is used up.
    mutating func takeVacant(segmentCount: Int) -> (segment: Int, isNew: Bool)? {
        if let segment = vacant.popLast() { return (segment, false) }
        guard nextUnused < segmentCount else { return nil }
        nextUnused += 1
        return (nextUnused - 1, true)
    }

    /// A segment that was never used could not be: it stays unused.
    mutating func putUnused(_ segment: Int) {
        invariant(segment == nextUnused - 1)
        nextUnused = segment
    }

    mutating func putVacant(_ segment: Int) { vacant.append(segment) }

    mutating func takeUntrimmed() -> (segment: Int, frameCount: Int)? { untrimmed.popLast() }

    /// After a reopening: segments below this number exist.
    mutating func reopen(nextUnused: Int) { self.nextUnused = nextUnused }
}
