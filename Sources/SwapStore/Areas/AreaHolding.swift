import ZswapCore

/// The holders of an area, and the next step when one of them lets go.
///
///     linked ──unlinked──► open ──closed──► pages discarded ──► looked up ──forgotten──► removed
///
/// Law: an area lives while it is linked, open, or looked up. Its pages are discarded when it is
/// neither linked nor open. Its slot, which is the inode number, is freed when its look-up count is
/// 0 as well. Guarded by the directory's lock.
struct AreaHolding: Sendable {
    /// The next step of a caller that has let go of an area, taken without the lock. A caller
    /// that gets `discardPages` reports when that is done and gets the next step. Until then other
    /// callers get `none`, so one thread at a time empties or removes an area, and it is removed
    /// once.
    enum Disposal { case none, discardPages, remove }

    let area: Area
    var name: ByteText
    var isLinked = true
    private(set) var openCount = 0
    /// In the record, too, for a successor.
    var lookupCount: UInt64 = 0 {
        didSet { area.record.lookupCount = lookupCount }
    }
    /// It was not opened since its pages were last discarded.
    private var isEmptied = false
    /// A thread is discarding its pages or removing it.
    private var isInDisposal = false

    /// A new area, linked under `name`.
    init(area: Area, name: ByteText) {
        self.area = area
        self.name = name
    }

    /// An area of a predecessor, as its record describes it.
    init(adopting area: Area, openCount: Int) {
        self.init(area: area, name: area.record.name)
        isLinked = area.record.state == .linked
        self.openCount = openCount
        lookupCount = area.record.lookupCount
    }

    var isOpen: Bool { openCount > 0 }
    var mayHoldPages: Bool { isLinked || isOpen }

    /// Counts one more open file.
    mutating func noteOpen() {
        openCount += 1
        isEmptied = false
    }

    /// Counts a close. Does nothing when the area is not open, since a request may close a file
    /// that is not open.
    mutating func noteClose() {
        if openCount > 0 { openCount -= 1 }
    }

    /// The caller that got a disposal has finished it.
    mutating func finishDisposal() {
        invariant(isInDisposal, "no thread empties this area")
        isInDisposal = false
    }

    /// The caller's next step.
    mutating func nextDisposal() -> Disposal {
        guard !mayHoldPages, !isInDisposal else { return .none }
        guard !isEmptied || lookupCount == 0 else { return .none }
        invariant(!isLinked && !isOpen, "the pages of an area in use")
        isInDisposal = true
        guard isEmptied else {
            isEmptied = true
            return .discardPages
        }
        invariant(lookupCount == 0, "an area is removed that the kernel knows")
        return .remove
    }
}
