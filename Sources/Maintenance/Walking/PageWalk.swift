import Arena
import SwapStore
import ZswapCore

/// Walks over the pages of all areas, or of one, a leaf of the page tables for each step: the one
/// walk of all background work. The visitor decides what is done with a page.
///
///     step: a request of the worker, an area held        ── tally ──► visited, done, skipped, why
///       entry ─► visitor ─┬─ passed, done, skipped ─► the next entry
///                         ├─ handed over ─► the step ends; the next one begins behind the page
///                         └─ put off     ─► the step ends; the next one begins with this page
///
/// Laws:
/// - Between two steps nothing is held, and memory may go back (``LeafCursor``).
/// - Each page that is stored from the walk's begin to its end, of an accepted area, is visited.
///   Each one is counted once in the step that passes it: as done, as skipped for one reason, or
///   not at all. One that is put off is counted in each step that comes to it.
/// Price: 512 entries a step, some ns each, and what the visitor takes.
struct PageWalk: Sendable {
    /// A page that is visited.
    struct Page {
        let number: PageNumber
        /// The place of its entry.
        let offset: ArenaOffset
        /// The entry as it was when the walk came to it.
        let entry: PageEntry
        /// When the step began, in the store's seconds.
        let seconds: UInt64
    }

    /// The result of a visit.
    enum Outcome: Equatable {
        /// Nothing was to be done.
        case passed
        /// It is done.
        case done
        /// It is not done, and the walk goes on.
        case skipped(WalkTally.Reason)
        /// The rest is done after the step, which ends here.
        case handedOver
        /// It can't be done now: the step ends, and the next one comes to it again.
        case putOff(WalkTally.Reason)
    }

    private var cursor: LeafCursor

    /// All areas, from the first page on.
    init() { cursor = LeafCursor() }

    /// One area, from its first page on.
    init(areaSlot slot: Int) { cursor = LeafCursor(areaSlot: slot) }

    /// Visits the pages of the next leaf. Stops after `pageCountMax` pages that were done or
    /// skipped, or when the visitor ends the step. Visits no page of an area that is not accepted.
    /// Outside of any request of the worker.
    mutating func step(
        of store: SwapStore, by worker: StoreWorker, pageCountMax: Int = .max,
        accepting accepts: (Area) -> Bool = { _ in true }, _ visit: (Page, Area) -> Outcome
    ) -> WalkTally {
        invariant(pageCountMax > 0)
        var tally = WalkTally()
        let hasMore = cursor.step(of: store, by: worker, accepting: accepts) { stretch in
            var number = stretch.first
            while number < stretch.end, tally.judgedCount < pageCountMax {
                let offset = stretch.entryOffset(of: number)
                let page = Page(
                    number: number, offset: offset, entry: store.entry(at: offset),
                    seconds: stretch.seconds)
                let outcome = visit(page, stretch.area)
                tally.note(outcome)
                if case .putOff = outcome { break }
                number = PageNumber(number.rawValue + 1)
                if outcome == .handedOver { break }
            }
            return number
        }
        tally.isEnd = !hasMore
        return tally
    }
}
