import Arena
import SwapStore

/// Gives a stored page another object: in another pool, or of another compressor.
///
///     entry -> decode, check -> `make` an object -> compareExchange -> free the old one
///
/// Laws:
/// - It stores what is stored already: the same order, the same accounts. If the entry changed
///   meanwhile, the newer page wins, and the new object is freed.
/// - It takes room before it frees any, so it stops where a full store would accept again: it never
///   has a store refused.
/// Price: a page is decoded and compressed; a step asks the arena once.
struct PageRewrite {
    /// The object that a page gets.
    enum Object {
        case made(PageEntry)
        /// None: the page stays as it is.
        case notSmaller
        /// There is no room for it.
        case noRoom
    }

    /// Pages that a step rewrites at most.
    static let stepPageCountMax = 8
    /// A page that changed meanwhile this many times is left for the next walk.
    private static let tryCountMax = 4
    /// How often a page may fail its check and still be the same before it counts as damaged.
    private static let mismatchCountMax = 3
    /// 1 of this many frames of the arena stays free for stores, besides its reserve.
    private static let spareArenaShare = 10

    private let store: SwapStore
    private let worker: StoreWorker
    private let arenaHasRoom: Bool
    /// Bytes of the objects of pages that were rewritten, before.
    private(set) var byteCountBefore = 0
    /// Bytes of their objects after.
    private(set) var byteCountAfter = 0

    /// For one step of a walk.
    init(of store: SwapStore, by worker: StoreWorker) {
        self.store = store
        self.worker = worker
        let usage = store.arenaUsage
        // The arena's end may come before the pools' limit.
        arenaHasRoom =
            usage.capacityFrameCount - usage.committedFrameCount
            >= usage.capacityFrameCount / Self.spareArenaShare
    }

    /// Rewrites one page, unless it `stays`. `make` makes the object of the page that the worker
    /// has decoded, whose entry it gets. Inside a request.
    mutating func rewrite(
        _ page: PageWalk.Page, of area: Area, unless stays: (PageEntry) -> Bool,
        _ make: (PageEntry) -> Object
    ) -> PageWalk.Outcome {
        var old = page.entry
        var mismatchCount = 0
        for _ in 0..<Self.tryCountMax {
            guard !stays(old) else { return .passed }
            guard arenaHasRoom && store.mayGrow(by: worker) else { return .putOff(.noRoom) }
            guard store.inspect(old, by: worker) == .intact else {
                let now = store.entry(at: page.offset)
                if now.hasObject(of: old) {
                    mismatchCount += 1
                    if mismatchCount == Self.mismatchCountMax { return .skipped(.damaged) }
                }
                old = now
                continue
            }
            switch make(old) {
            case .noRoom: return .putOff(.noRoom)
            case .notSmaller: return .skipped(.notSmaller)
            case .made(let new):
                if replace(old, with: new, at: page, of: area) {
                    if new.kind == .raw && old.kind != .raw {
                        store.count(.rawPagesSince, by: worker)
                    }
                    byteCountBefore += old.byteCount
                    byteCountAfter += new.byteCount
                    return .done
                }
            }
            old = store.entry(at: page.offset)
        }
        return .skipped(.changed)
    }

    /// Makes the page's entry name the new object, if it still names the old one; what else stands
    /// in it stays. False: the new object is freed.
    private func replace(
        _ old: PageEntry, with new: PageEntry, at page: PageWalk.Page, of area: Area
    ) -> Bool {
        var seen = old
        for _ in 0..<Self.tryCountMax where seen.hasObject(of: old) {
            let entry = seen.withObject(of: new)
            if store.replace(seen, with: entry, at: page.offset, of: area, by: worker) {
                return true
            }
            seen = store.entry(at: page.offset)
        }
        store.free(new, worker)
        return false
    }
}
