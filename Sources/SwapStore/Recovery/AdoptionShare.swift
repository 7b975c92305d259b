import Arena
import Backing
import Synchronization
import ZPool
import ZswapCore

/// The part of a ``StoreRebuild`` that one thread adopts: objects in every n-th segment of the
/// arena, and, for the first thread, also the entries without an object there.
///
///     leaf ── entries of this share ──► | e | e | e | e | …      a list
///                                         adopt ↑       ↑ fetch ahead
///
/// Law: it reads entries of all shares and changes those of its own. Beside it, loads note their
/// time in entries; that is no part of what is compared.
/// Cost: a list of 512 entries.
struct AdoptionShare {
    /// How many objects ahead of the one that is adopted the processor fetches.
    private static let lead = 12
    /// An offset's segment: 2 MiB.
    private static let segmentShift = 21

    private struct Member {
        let entry: PageEntry
        let page: PageNumber
        let offset: ArenaOffset
    }

    private let arena: Arena
    private let rawFrames: RawFrames
    private let number: Int
    private let shareCount: Int
    /// By generation; `StoreRebuild` keeps them alive.
    private let pools: [PoolReference?]
    private let backings: [BackingLog?]

    init(_ parts: StoreParts, in store: SwapStore, number: Int, of shareCount: Int) {
        arena = store.arena
        rawFrames = store.rawFrames
        self.number = number
        self.shareCount = shareCount
        pools = parts.pools.map { $0.map { PoolReference($0) } }
        backings = parts.backings
    }

    /// Adopts this share of what these areas name.
    func adopt(_ areas: [Area]) -> AdoptionCount {
        var count = AdoptionCount()
        var members: [Member] = []
        members.reserveCapacity(PageTable.leafPageCount)
        for area in areas {
            var held = HeldPages()
            area.table.forEachLeaf { first, leaf in
                members.removeAll(keepingCapacity: true)
                collect(first, area.table.entryOffset(in: leaf, first), &members)
                for index in members.indices {
                    if index + Self.lead < members.count {
                        prefetch(members[index + Self.lead].entry)
                    }
                    adopt(members[index], of: area, &held, &count)
                }
            }
            count.held.append(held)
        }
        return count
    }

    private func collect(
        _ first: PageNumber, _ start: ArenaOffset, _ members: inout [Member]
    ) {
        for index in 0..<PageTable.leafPageCount {
            let offset = start + index * MemoryLayout<WordPair>.size
            let entry = PageEntry(pair: arena.loadPair(at: offset))
            if !entry.isCounted || share(of: entry) != number { continue }
            let page = PageNumber(first.rawValue + UInt64(index))
            members.append(Member(entry: entry, page: page, offset: offset))
        }
    }

    private func share(of entry: PageEntry) -> Int {
        guard shareCount > 1, entry.isInMemory, let handle = entry.handle else { return 0 }
        return objectOffset(handle, entry).rawValue >> Self.segmentShift % shareCount
    }

    private func objectOffset(_ handle: PoolHandle, _ entry: PageEntry) -> ArenaOffset {
        guard let pool = pools[entry.generation] else { return rawFrames.offset(of: handle) }
        return pool.withPool { $0.offset(of: handle) }
    }

    private func prefetch(_ entry: PageEntry) {
        guard entry.isInMemory, let handle = entry.handle else { return }
        pools[entry.generation]?.withPool { $0.prepareFree(handle) }
    }

    private func adopt(
        _ member: Member, of area: Area, _ held: inout HeldPages, _ count: inout AdoptionCount
    ) {
        let entry = member.entry
        guard adopt(entry, ObjectOwner(area: area.slot, page: member.page)) else {
            _ = arena.exchangePair(PageEntry.lost.pair, at: member.offset)
            count.lostPageCount += 1
            return
        }
        held.count(entry)
        if entry.isInMemory { count.payloadByteCounts[entry.generation] += entry.byteCount }
    }

    /// Gives an entry's object to the pool or log that keeps it. False if it can't be.
    private func adopt(_ entry: PageEntry, _ owner: ObjectOwner) -> Bool {
        if entry.kind == .sameFilled { return true }
        if entry.kind == .onBacking {
            return backings[entry.generation]?
                .adopt(entry.location, payloadByteCount: entry.byteCount) ?? false
        }
        guard let handle = entry.handle else { return false }
        guard let pool = pools[entry.generation] else { return rawFrames.adopt(handle) }
        do {
            try pool.withPool { pool throws(ZpoolError) in
                try pool.adopt(handle, byteCount: entry.byteCount, owner: owner)
            }
            return true
        } catch {
            return false
        }
    }
}

/// The result of adopting a share.
struct AdoptionCount: Sendable {
    /// By area, in the order of areas.
    var held: [HeldPages] = []
    /// By generation, bytes of objects.
    var payloadByteCounts = [Int](repeating: 0, count: Limits.poolsMax)
    /// Pages whose object is another one's.
    var lostPageCount = 0
}

/// The contents of an area, counted anew.
struct HeldPages: Sendable {
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

    static func + (left: HeldPages, right: HeldPages) -> HeldPages {
        var sum = left
        sum.pageCount += right.pageCount
        sum.sameFilled += right.sameFilled
        sum.raw += right.raw
        sum.backed += right.backed
        sum.byteCount += right.byteCount
        sum.backedByteCount += right.backedByteCount
        return sum
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
