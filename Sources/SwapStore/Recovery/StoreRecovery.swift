import Arena
import Backing
import ZPool
import ZswapCore

/// What a take-over found.
public struct RecoveryReport: Equatable, Sendable {
    /// Pages that are stored, on the backing store or not.
    public var pageCount = 0
    /// Pages that can't be right: reading one fails until it is written again.
    public var lostPageCount = 0
    /// Areas, or parts of their tables, whose place in memory can't be right.
    public var lostTableCount = 0
    /// Frames that were taken and not published, or let go, when the predecessor died.
    public var reclaimedFrameCount = 0
}

/// Finds what is in the areas that a predecessor left: claims the runs of their tables, gives each
/// object to its pool or its backing store, and counts anew what stands in counters.
///
///     directory ─► area ─► root ─► node ─► leaf ─► entry ─┬─ pool: adopt
///                                                         ├─ backing store: adopt
///                                                         └─ can't be: the entry becomes `lost`
///
/// Law: nothing that stands in the arena is believed. A kind, number, length or place that can't be
/// costs that page, and no more. What no entry names is free afterwards. The bytes of objects are
/// not looked at: each load compares its checksum.
/// Cost: a pass over the tables, and for each object a lock of its size class.
struct StoreRecovery {
    private let arena: Arena
    private let parts: StoreParts
    private var report = RecoveryReport()
    /// By generation, bytes of objects.
    private var payloadByteCounts = [Int](repeating: 0, count: Limits.poolsMax)

    private init(_ parts: StoreParts, in arena: Arena) {
        self.parts = parts
        self.arena = arena
    }

    /// Takes over everything that these parts name.
    static func run(_ parts: StoreParts, in arena: Arena) -> RecoveryReport {
        var recovery = StoreRecovery(parts, in: arena)
        recovery.adoptAreas()
        for pool in parts.pools { pool?.finishAdoption() }
        for (generation, byteCount) in recovery.payloadByteCounts.enumerated() {
            parts.payloadTally.set(byteCount, of: generation)
        }
        recovery.report.reclaimedFrameCount = max(arena.unclaimedFrameCount, 0)
        return recovery.report
    }

    private mutating func adoptAreas() {
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
            lost += adopt(area)
            return area
        }
        report.lostTableCount = dropped + lost
    }

    /// Takes over the pages of an area. Returns how many parts of its table were lost.
    private mutating func adopt(_ area: Area) -> Int {
        var held = HeldPages()
        let lost = area.table.adopt { first, leaf in
            for index in 0..<UInt64(PageTable.leafPageCount) {
                let page = PageNumber(first.rawValue + index)
                let offset = area.table.entryOffset(in: leaf, page)
                let entry = PageEntry(pair: arena.loadPair(at: offset))
                if entry == .empty { continue }
                if entry.checkedKind != .lost {
                    if adopt(entry, page, area) {
                        held.count(entry)
                        continue
                    }
                    _ = arena.exchangePair(PageEntry.lost.pair, at: offset)
                }
                report.lostPageCount += 1
            }
        }
        held.write(to: area)
        report.pageCount += held.pageCount
        return lost
    }

    /// Gives an entry's object to whoever keeps it. False if it can't be.
    private mutating func adopt(_ entry: PageEntry, _ page: PageNumber, _ area: Area) -> Bool {
        switch entry.checkedKind {
        case .sameFilled: return true
        case .pooled, .raw:
            guard isDecodable(entry), let handle = entry.handle,
                adoptObject(entry, handle, ObjectOwner(area: area.slot, page: page))
            else { return false }
            payloadByteCounts[entry.generation] += entry.byteCount
            return true
        case .onBacking:
            guard isDecodable(entry), entry.generation < Limits.backingsMax,
                let log = parts.backings[entry.generation]
            else { return false }
            return log.adopt(entry.location, payloadByteCount: entry.byteCount)
        case .empty, .retired, .lost, nil: return false
        }
    }

    private func adoptObject(
        _ entry: PageEntry, _ handle: PoolHandle, _ owner: ObjectOwner
    ) -> Bool {
        guard entry.generation != RawFrames.generation else {
            return entry.kind == .raw && entry.byteCount == Page.byteCount
                && RawFrames(arena: arena).adopt(handle)
        }
        guard let pool = parts.pools[entry.generation] else { return false }
        do {
            try pool.adopt(handle, byteCount: entry.byteCount, owner: owner)
            return true
        } catch {
            return false
        }
    }

    /// Whether the compressor and the length can be those of a page.
    private func isDecodable(_ entry: PageEntry) -> Bool {
        guard entry.byteCount > 0, entry.byteCount <= Page.byteCount else { return false }
        return entry.byteCount == Page.byteCount || entry.compressor < parts.compressors.count
    }
}

/// What an area holds, counted anew.
private struct HeldPages {
    private(set) var pageCount = 0
    private var sameFilled = 0
    private var raw = 0
    private var backed = 0
    private var byteCount = 0
    private var backedByteCount = 0

    mutating func count(_ entry: PageEntry) {
        pageCount += 1
        switch entry.kind {
        case .sameFilled: sameFilled += 1
        case .raw:
            raw += 1
            byteCount += entry.byteCount
        case .pooled: byteCount += entry.byteCount
        case .onBacking:
            backed += 1
            backedByteCount += entry.byteCount
        case .empty, .retired, .lost: unreachable("only stored pages are counted")
        }
    }

    func write(to area: Area) {
        area.tally.set(pageCount, as: AreaTally.storedPages.rawValue)
        area.tally.set(sameFilled, as: AreaTally.sameFilledPages.rawValue)
        area.tally.set(raw, as: AreaTally.rawPages.rawValue)
        area.tally.set(byteCount, as: AreaTally.storedBytes.rawValue)
        area.tally.set(backed, as: AreaTally.backedPages.rawValue)
        area.record.setBackedBytes(backedByteCount)
    }
}
