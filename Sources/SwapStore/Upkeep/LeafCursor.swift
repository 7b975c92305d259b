public import Arena
public import Synchronization
public import ZswapCore

/// A place among the leaves of all areas, or of one area, that goes on leaf by leaf from where it
/// was left.
///
///     area in slot 3              area in slot 5
///     | leaf | - | leaf | - - |   | leaf | ...          step, step, step, ... then from the start
///
/// Laws:
/// - A step is one request of its worker, so quiescent points pass between steps; the area is held
///   open during a step and only then, so it may be unlinked at any time and goes with the step at
///   the latest.
/// - Every leaf that is in the tree from the turn's begin to its end is visited, whichever leaves
///   are discarded meanwhile. Entries of a leaf that is discarded during its step are `retired`.
/// Price: two locks of the area directory a leaf, 512 pages.
@usableFromInline package struct LeafCursor: Sendable {
    /// Entries of a leaf to be looked at.
    @usableFromInline package struct Stretch {
        /// The area that they are of.
        package let area: Area
        let leaf: RunNumber
        /// The place of the first page's entry.
        @usableFromInline let firstEntry: ArenaOffset
        /// The first page to look at.
        @usableFromInline package let first: PageNumber
        /// The first page after them.
        @usableFromInline package let end: PageNumber

        /// When the step began, in the store's ``SwapStore/seconds``.
        package let seconds: UInt64

        /// The place of the entry of one of the pages.
        @inlinable package func entryOffset(of page: PageNumber) -> ArenaOffset {
            deepInvariant(first <= page && page < end)
            let index = Int(truncatingIfNeeded: page.rawValue - first.rawValue)
            return firstEntry + index * MemoryLayout<WordPair>.size
        }
    }

    private var slot = 0
    /// Birth of the area that `page` is of: another area may get its slot.
    private var birth: UInt64?
    private var page = PageNumber(0)

    /// Only this area, from its first page on; then the turn ends.
    private let onlySlot: Int?

    /// All areas.
    package init() { onlySlot = nil }

    /// One area.
    package init(areaSlot slot: Int) {
        onlySlot = slot
        self.slot = slot
    }

    /// Shows the next stretch to `body`, inside a request of the worker; none of an area that is
    /// not accepted, or has no further leaf. `body` returns the page that the next step starts at:
    /// the stretch's end, or an earlier page to stop early. False: every area was visited, and the
    /// next step starts from the first one.
    package mutating func step(
        of store: SwapStore, by worker: StoreWorker, accepting accepts: (Area) -> Bool,
        _ body: (Stretch) -> PageNumber
    ) -> Bool {
        guard let area = holdNext(in: store.directory) else {
            slot = onlySlot ?? 0
            page = PageNumber(0)
            return false
        }
        defer { store.close(area, by: worker) }
        if area.slot != slot || area.birth != birth {
            slot = area.slot
            birth = area.birth
            page = PageNumber(0)
        }
        store.begin(worker)
        defer { store.end(worker) }
        let end = PageNumber(Limits.areaPageCountMax)
        guard accepts(area), let (first, leaf) = area.table.nextLeaf(from: page, end: end) else {
            passArea()
            return true
        }
        let leafEnd = PageTable.leafEnd(of: first)
        let firstEntry = area.table.entryOffset(in: leaf, first)
        page = body(
            Stretch(
                area: area, leaf: leaf, firstEntry: firstEntry, first: first, end: leafEnd,
                seconds: worker.seconds))
        invariant(first <= page && page <= leafEnd)
        if page == end { passArea() }
        return true
    }

    private mutating func passArea() {
        slot += 1
        page = PageNumber(0)
    }

    /// Never another than the only one: it would stay held.
    private func holdNext(in directory: AreaDirectory) -> Area? {
        guard let onlySlot else { return directory.hold(from: slot) }
        return slot == onlySlot ? directory.hold(slot: slot) : nil
    }
}
