import Arena
import ZswapCore

/// Goes through the entries of all areas, a leaf of the page tables at a time, from where it was
/// left: what looks for cold pages, or for pages to move.
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
struct PageSweep {
    /// What a step found.
    enum Step {
        /// A leaf, or an area without further leaves.
        case visited
        /// Every area was visited: the next step starts from the first one.
        case endOfTurn
    }

    /// Entries of a leaf to be looked at.
    struct Stretch {
        let area: Area
        let leaf: RunNumber
        /// The first page to look at.
        let first: PageNumber
        /// The first page after them.
        let end: PageNumber
    }

    private var slot = 0
    /// Birth of the area that `page` is of: another area may get its slot.
    private var birth: UInt64?
    private var page = PageNumber(0)

    /// Only this area, from its first page on; then `endOfTurn`.
    private let onlySlot: Int?

    /// All areas.
    init() { onlySlot = nil }

    /// One area.
    init(areaSlot slot: Int) {
        onlySlot = slot
        self.slot = slot
    }

    /// Shows the next stretch to `body`, inside a request of the worker. `body` tells the page that
    /// the next step starts at: the stretch's end, or, when it has enough, one before.
    mutating func step(
        of store: SwapStore, by worker: StoreWorker, accepting accepts: (Area) -> Bool,
        _ body: (Stretch) -> PageNumber
    ) -> Step {
        guard let area = holdNext(in: store.directory) else {
            restart()
            return .endOfTurn
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
            slot += 1
            page = PageNumber(0)
            return .visited
        }
        let leafPages = UInt64(PageTable.leafPageCount)
        let leafEnd = PageNumber((first.rawValue / leafPages + 1) * leafPages)
        page = body(Stretch(area: area, leaf: leaf, first: first, end: leafEnd))
        invariant(first <= page && page <= leafEnd)
        if page == end {
            slot += 1
            page = PageNumber(0)
        }
        return .visited
    }

    /// Never another than the only one, which nobody would let go again.
    private func holdNext(in directory: AreaDirectory) -> Area? {
        guard let onlySlot else { return directory.hold(from: slot) }
        return slot == onlySlot ? directory.hold(slot: slot) : nil
    }

    private mutating func restart() {
        slot = onlySlot ?? 0
        page = PageNumber(0)
    }
}

extension PageSweep.Stretch {
    /// The pages and where their entries are, in order; `body` ends it with false. Returns the page
    /// after the last one that it went on from.
    func forEachEntry(_ body: (PageNumber, ArenaOffset) -> Bool) -> PageNumber {
        var page = first
        while page < end, body(page, area.table.entryOffset(in: leaf, page)) {
            page = PageNumber(page.rawValue + 1)
        }
        return page
    }
}
