import ZswapCore

/// Who holds an area, and what comes next when one of them lets go.
///
///     linked ──unlinked──► open ──closed──► pages discarded ──► looked up ──forgotten──► removed
///
/// Law: an area lives while it is linked, open, or looked up. Its pages go when it is neither
/// linked nor open; its slot, and with it the inode number, when nobody has it looked up either.
/// Behind the directory's lock.
struct AreaHolding: Sendable {
    /// What has to be done with an area that somebody let go of; by the caller, without the lock.
    /// Who is told to discard tells when that is done and is told what comes next; meanwhile nobody
    /// else is told anything, so that an area is emptied and removed by one thread at a time, and
    /// removed once.
    enum Disposal { case none, discardPages, remove }

    let area: Area
    var name: ByteText
    var isLinked = true
    private(set) var openCount = 0
    /// In the record, too, for a successor.
    var lookupCount: UInt64 = 0 {
        didSet { area.record.lookupCount = lookupCount }
    }
    /// Nobody had it open since its pages were last discarded.
    private var isEmptied = false
    /// Somebody is discarding its pages or removing it.
    private var isInDisposal = false

    /// An area that was made.
    init(area: Area, name: ByteText) {
        self.area = area
        self.name = name
    }

    /// An area of a predecessor, by what its record says.
    init(adopting area: Area, openCount: Int) {
        self.init(area: area, name: area.record.name)
        isLinked = area.record.state == .linked
        self.openCount = openCount
        lookupCount = area.record.lookupCount
    }

    var isOpen: Bool { openCount > 0 }
    var mayHoldPages: Bool { isLinked || isOpen }

    /// One more has it open.
    mutating func noteOpen() {
        openCount += 1
        isEmptied = false
    }

    /// One has closed it. A request may say so of an area that nobody has open: nothing happens.
    mutating func noteClose() {
        if openCount > 0 { openCount -= 1 }
    }

    /// What had to be done is done.
    mutating func finishDisposal() { isInDisposal = false }

    /// What has to be done now, by whoever asks.
    mutating func nextDisposal() -> Disposal {
        guard !mayHoldPages, !isInDisposal else { return .none }
        guard !isEmptied || lookupCount == 0 else { return .none }
        isInDisposal = true
        guard isEmptied else {
            isEmptied = true
            return .discardPages
        }
        return .remove
    }
}
