import Arena
import Backing
import Synchronization
import ZPool
import ZswapCore

/// Finds the areas that a predecessor left, and looks at each entry of their tables once, so that
/// pages can be loaded: a load believes what its entry says of kind, place and length.
///
///     directory ─► area ─► root ─► node ─► leaf ─► entry ─┬─ can be: stays as it is
///                  claims the runs of tables              └─ can't be: the entry becomes `lost`
///
/// Law: nothing that stands in the arena is believed. An invalid kind, number, length or place
/// costs that page, and no more. The bytes of objects are not looked at: each load compares its
/// checksum. Which of two entries that name one object keeps it is not decided here, but by
/// ``StoreRebuild``; until then both may be loaded, and the checksum tells.
/// Cost: one pass over the tables, in order; no object is touched, no pool's lock taken.
struct StoreRecovery {
    private let arena: Arena
    private let parts: StoreParts
    private let check: EntryCheck
    private(set) var areas: [Area] = []
    private(set) var report = RecoveryReport()

    private init(_ parts: StoreParts, in arena: Arena) {
        self.parts = parts
        self.arena = arena
        check = EntryCheck(parts, in: arena)
    }

    /// Finds everything that these parts name.
    static func run(_ parts: StoreParts, in arena: Arena) -> StoreRecovery {
        var recovery = StoreRecovery(parts, in: arena)
        recovery.findAreas()
        return recovery
    }

    private mutating func findAreas() {
        var lost = 0
        let dropped = parts.directory.adopt { slot, record in
            guard let root = record.root,
                let table = PageTable(leftIn: arena, root: root),
                let tally = CounterBlock(
                    leftIn: arena, run: record.counters,
                    wordsPerWorker: AreaTally.allCases.count)
            else { return nil }
            // A compressor that is not known would be asked for with the next page.
            if let number = record.compressor, number >= parts.compressors.count {
                record.compressor = nil
            }
            record.keepToLimits()
            let area = Area(slot: slot, record: record, table: table, tally: tally)
            lost += check(area)
            areas.append(area)
            return area
        }
        report.lostTableCount = dropped + lost
    }

    /// Looks at the entries of an area. Returns how many parts of its table were lost.
    private mutating func check(_ area: Area) -> Int {
        let check = check
        var lostPageCount = 0
        let lost = area.table.adopt { first, leaf in
            lostPageCount += check.drop(in: area.table.entryOffset(in: leaf, first))
        }
        report.lostPageCount += lostPageCount
        return lost
    }
}

/// Whether entries can be. A class, and pools without counting: it looks at each entry there is.
private final class EntryCheck {
    private let arena: Arena
    private let rawFrames: RawFrames
    /// By generation; the store's parts keep them alive.
    private let pools: [PoolReference?]
    private let hasBacking: [Bool]
    private let compressorCount: Int

    init(_ parts: StoreParts, in arena: Arena) {
        self.arena = arena
        rawFrames = RawFrames(arena: arena)
        pools = parts.pools.map { $0.map { PoolReference($0) } }
        hasBacking = parts.backings.map { $0 != nil }
        compressorCount = parts.compressors.count
    }

    /// Makes each invalid entry of the leaf `lost`; returns how many are.
    func drop(in leaf: ArenaOffset) -> Int {
        var lostCount = 0
        for index in 0..<PageTable.leafPageCount {
            let offset = leaf + index * MemoryLayout<WordPair>.size
            let entry = PageEntry(pair: arena.loadPair(at: offset))
            if entry == .empty || mayBe(entry) { continue }
            if entry != .lost { _ = arena.exchangePair(PageEntry.lost.pair, at: offset) }
            lostCount += 1
        }
        return lostCount
    }

    /// Whether the entry is valid. Its kind is checked first: `kind` traps on an unknown one.
    private func mayBe(_ entry: PageEntry) -> Bool {
        switch entry.checkedKind {
        case .sameFilled: true
        case .pooled, .raw: isDecodable(entry) && mayHaveObject(entry)
        case .onBacking:
            isDecodable(entry) && entry.generation < Limits.backingsMax
                && hasBacking[entry.generation]
        case .empty, .retired, .lost, nil: false
        }
    }

    private func mayHaveObject(_ entry: PageEntry) -> Bool {
        guard let handle = entry.handle else { return false }
        guard entry.generation != RawFrames.generation else {
            return entry.kind == .raw && entry.byteCount == Page.byteCount
                && rawFrames.mayHold(handle)
        }
        return pools[entry.generation]?
            .withPool { $0.mayHold(handle, byteCount: entry.byteCount) } ?? false
    }

    /// Whether the compressor and the length can be those of a page.
    private func isDecodable(_ entry: PageEntry) -> Bool {
        guard entry.byteCount > 0, entry.byteCount <= Page.byteCount else { return false }
        return entry.byteCount == Page.byteCount || entry.compressor < compressorCount
    }
}
