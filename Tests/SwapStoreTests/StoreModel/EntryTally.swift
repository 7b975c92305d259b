import TestSupport
import ZswapCore

@testable import SwapStore

/// The entries of areas, counted one by one: all other counters must equal these. Only while no
/// thread serves.
struct EntryTally {
    /// As the areas should count it.
    private(set) var held = AreaStatistics()
    private(set) var compressedPageCount = 0
    /// By generation, the pages that are objects in memory.
    private(set) var objectCounts: [Int: Int] = [:]
    /// By generation, the bytes of these objects.
    private(set) var payloadByteCounts: [Int: Int] = [:]
    /// By the number of the backing store, the pages that are there.
    private(set) var recordCounts: [Int: Int] = [:]
    /// Pages kept as a word.
    private(set) var sameFilledPages: Set<Int> = []

    init() {}

    /// The tally of the first `pageCount` pages of an area.
    init(of area: Area, in store: SwapStore, pageCount: Int) {
        for page in 0..<pageCount {
            guard let offset = area.table.entryOffset(of: PageNumber(UInt64(page))) else {
                continue
            }
            add(PageEntry(pair: store.arena.loadPair(at: offset)), page)
        }
    }

    private mutating func add(_ entry: PageEntry, _ page: Int) {
        guard entry.kind != .empty else { return }
        held.storedPageCount += 1
        switch entry.kind {
        case .empty, .retired, .lost: break
        case .sameFilled:
            held.sameFilledPageCount += 1
            sameFilledPages.insert(page)
        case .onBacking:
            held.backedPageCount += 1
            held.backedByteCount += entry.byteCount
            recordCounts[entry.generation, default: 0] += 1
        case .raw, .pooled:
            if entry.kind == .raw { held.rawPageCount += 1 } else { compressedPageCount += 1 }
            held.storedByteCount += entry.byteCount
            objectCounts[entry.generation, default: 0] += 1
            payloadByteCounts[entry.generation, default: 0] += entry.byteCount
        }
    }

    /// Adds another area's.
    mutating func add(_ other: EntryTally) {
        held = held + other.held
        compressedPageCount += other.compressedPageCount
        objectCounts.merge(other.objectCounts, uniquingKeysWith: +)
        payloadByteCounts.merge(other.payloadByteCounts, uniquingKeysWith: +)
        recordCounts.merge(other.recordCounts, uniquingKeysWith: +)
        sameFilledPages = []
    }
}
