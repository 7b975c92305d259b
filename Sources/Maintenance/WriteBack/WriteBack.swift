import Arena
import Backing
import SwapStore
import ZPool
import ZswapCore

/// Writing pages back to one backing store, a large write at a time: what the write-back thread
/// does, without the thread.
///
///     count ages (AgeHistogram) ─► ColdestPages ─► walk: those into a batch ─► write
///                                     ▲                                        │
///                                     └──── a turn ended, or all were found ───┘
///
/// Laws:
/// - Used by one thread. Between two calls nothing is under way.
/// - A page leaves only after its copy was decoded and matched its checksum. An unchanged entry is
///   not enough: while the object is copied, it may be freed, overwritten, and stored again at the
///   same place.
/// Price: two walks over the entries for a plan, of which each is for 1 of 64 pages at least; a
/// page's decoding.
struct WriteBack {
    /// How a step ended.
    enum Outcome: Equatable {
        /// It filled a write, or fulfilled what it was to do.
        case moved(pageCount: Int)
        /// It came to the end of all areas.
        case endOfTurn(pageCount: Int)
        /// There is no room on the backing store.
        case deviceFull(pageCount: Int)
        /// Writing failed.
        case failed(BackingError)

        var pageCount: Int {
            switch self {
            case .moved(let count), .endOfTurn(let count), .deviceFull(let count): count
            case .failed: 0
            }
        }

        /// No page left, though there may be some and there is room for them.
        var isMiss: Bool {
            switch self {
            case .moved(let count), .endOfTurn(let count): count == 0
            case .deviceFull, .failed: false
            }
        }
    }

    /// A plan covers at least 1 of `planShare` pages, so that counting ages costs little a page.
    private static let planShare = 64
    private static let planPageCountMin = 256
    /// A plan that is to fill a segment has 1 of `spareShare` pages to spare.
    private static let spareShare = 8

    let log: BackingLog
    let generation: Int
    let store: SwapStore
    let worker: StoreWorker
    var batch: WriteBackBatch
    /// A private copy of the object that is being written.
    let copy: PageBuffer
    /// The position from which the search for the coldest pages goes on.
    private var coldestWalk = PageWalk()
    /// Most bytes of a write; a page and two blocks at least.
    var byteCountMax: Int {
        get { batch.byteCountMax }
        set { batch.byteCountMax = newValue }
    }
    /// Pages that stayed since they were used, changed or moved meanwhile; counted since it was set
    /// to 0.
    var contestedCount = 0
    /// The pages that are being looked for.
    private var plan: ColdestPages?

    /// Writes with these buffers, which no other uses.
    init(
        to log: BackingLog, generation: Int, of store: SwapStore, in buffers: WriteBackBuffers,
        by worker: StoreWorker
    ) {
        self.log = log
        self.generation = generation
        self.store = store
        self.worker = worker
        copy = buffers.copy
        batch = WriteBackBatch(to: log, generation: generation, in: buffers.members)
    }

    /// One large write of the coldest pages of all areas; `neededByteCount` is how much should go
    /// in all, in this call and later ones.
    mutating func evictColdest(neededByteCount: Int) -> Outcome {
        var plan = plan ?? makePlan(neededByteCount)
        var walk = coldestWalk
        let outcome = write(taking: { plan.take($0.lastUse, at: $1) }, &walk)
        coldestWalk = walk
        self.plan = plan
        if case .moved = outcome, !outcome.isMiss, !plan.isComplete { return outcome }
        self.plan = nil
        // Pages that are as cold may lie in front of where this turn began.
        if outcome.isMiss { coldestWalk = PageWalk() }
        return outcome
    }

    private func makePlan(_ neededByteCount: Int) -> ColdestPages {
        let ages = AgeHistogram.count(of: store, by: worker)
        let held = store.heldPages
        let needed = max(
            Self.pageCount(of: neededByteCount, in: held), ages.pageCount / Self.planShare,
            Self.planPageCountMin)
        // On to the end of a segment, so that the next write begins at the start of one and is as
        // large as can be; but not for a large part of a small pool.
        let filling = Self.pageCount(
            of: log.byteCountToSegmentEnd(atLeast: neededByteCount), in: held)
        return ages.coldest(
            max(needed, min(filling + filling / Self.spareShare, ages.pageCount / 4)))
    }

    /// Number of pages whose objects take about `byteCount` bytes, by their mean length.
    private static func pageCount(of byteCount: Int, in held: AreaStatistics) -> Int {
        let objectCount = max(held.compressedPageCount + held.rawPageCount, 1)
        return byteCount / max(held.storedByteCount / objectCount, 1) + 1
    }

    /// One large write of the coldest pages of one area.
    mutating func evictColdest(of area: Area, neededByteCount: Int) -> Outcome {
        var walk = PageWalk(areaSlot: area.slot)
        let ages = AgeHistogram.count(in: walk, of: store, by: worker)
        var plan = ages.coldest(Self.pageCount(of: neededByteCount, in: area.statistics))
        return write(taking: { plan.take($0.lastUse, at: $1) }, &walk)
    }

    /// One large write of selected pages, from where the walk is.
    mutating func write(_ selection: WriteBackSelection, _ walk: inout PageWalk) -> Outcome {
        write(taking: { selection.takes($0, at: $1) }, &walk)
    }

    /// One large write of the pages in memory that `takes` selects; it gets the entry and the
    /// present second.
    private mutating func write(
        taking takes: (PageEntry, UInt64) -> Bool, _ walk: inout PageWalk
    ) -> Outcome {
        let appending = collect(takes, &walk)
        do {
            let collectedCount = batch.count
            let count = batch.isEmpty ? 0 : try batch.complete(in: store, by: worker)
            contestedCount += collectedCount - count
            switch appending {
            case .taken: return .endOfTurn(pageCount: count)
            case .bufferFull: return .moved(pageCount: count)
            case .deviceFull: return .deviceFull(pageCount: count)
            }
        } catch {
            return .failed(error)
        }
    }

    /// Fills the batch until a page does not fit or the walk ends; `taken` means that the walk
    /// ended.
    private mutating func collect(
        _ takes: (PageEntry, UInt64) -> Bool, _ walk: inout PageWalk
    ) -> WriteBackBatch.Appending {
        var last = WriteBackBatch.Appending.taken
        let copy = self.copy
        while last == .taken {
            let tally = walk.step(of: store, by: worker, accepting: { $0.allowsWriteBack }) {
                page, area in
                let entry = page.entry
                guard entry.isInMemory, takes(entry, page.seconds) else { return .passed }
                guard store.copyObject(of: entry, into: copy, by: worker) else {
                    let isSame = store.entry(at: page.offset) == entry
                    return .skipped(isSame ? .damaged : .changed)
                }
                let owner = ObjectOwner(area: area.slot, page: page.number)
                let bytes = copy.bytes.extracting(0..<entry.byteCount)
                last = batch.append(bytes, entry, owner, isCleaning: false)
                return last == .taken ? .done : .putOff(.noRoom)
            }
            contestedCount += tally[.changed]
            if tally.isEnd { break }
        }
        return last
    }

    /// Copies the live pages of the emptiest segment to the end of the log, so that the segment
    /// becomes free. False when no segment is worth it.
    mutating func cleanSegment() throws(BackingError) -> Bool {
        guard let segment = log.segmentToClean() else { return false }
        var failure: BackingError?
        try log.forEachRecord(inSegment: segment) { owner, location, payload in
            guard failure == nil, let entry = backedEntry(owner, location, payload.byteCount)
            else { return }
            var appending = batch.append(payload, entry, owner, isCleaning: true)
            guard appending == .bufferFull else { return }
            do throws(BackingError) {
                _ = try batch.complete(in: store, by: worker)
                appending = batch.append(payload, entry, owner, isCleaning: true)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        if !batch.isEmpty { _ = try batch.complete(in: store, by: worker) }
        return true
    }

    /// The entry of a page that is still in this record.
    private func backedEntry(
        _ owner: ObjectOwner, _ location: BackingLocation, _ byteCount: Int
    ) -> PageEntry? {
        var found: PageEntry?
        _ = store.withEntry(of: owner, by: worker) { _, offset in
            let entry = store.entry(at: offset)
            guard entry.kind == .onBacking, entry.generation == generation,
                entry.location == location, entry.byteCount == byteCount
            else { return false }
            found = entry
            return true
        }
        return found
    }
}
