import Arena
import Compressors
import Synchronization
import ZPool
import ZswapCore

/// Storing one page.
///
///     same-filled? -> limit -> compress -> malloc -> checksum -> copy, owner -> publish -> free
extension SwapStore {
    /// Whether a page may be refused because the pools stand at their limit.
    enum Admission {
        case limited
        /// A page with a part cleared: nearly always it needs no more than it frees, and refusing
        /// it would leave bytes that were discarded.
        case always
    }

    /// Makes `bytes` the content of a page. Refused: the old content stays.
    func store(
        _ bytes: RawSpan, at page: PageNumber, of area: Area, by worker: StoreWorker
    ) throws(StoreError) {
        prepareReplacing(page, of: area, worker)
        let entry = try makeEntry(bytes, page, area, .limited, worker)
        _ = try publish(entry, replacing: nil, page, area, worker)
    }

    /// Has the processor fetch what publishing will look at, while the page is compressed: the
    /// entry, and what freeing the object takes that it names now.
    private func prepareReplacing(_ page: PageNumber, of area: Area, _ worker: StoreWorker) {
        guard let offset = area.table.entryOffset(of: page) else { return }
        prepareFree(PageEntry(pair: arena.loadPair(at: offset)), worker)
    }

    /// An entry for these bytes that nobody else knows of yet.
    func makeEntry(
        _ bytes: RawSpan, _ page: PageNumber, _ area: Area, _ admission: Admission,
        _ worker: StoreWorker
    ) throws(StoreError) -> PageEntry {
        precondition(bytes.byteCount == Page.byteCount)
        let tunables = worker.state.tunables
        guard tunables.isEnabled || admission == .always else { throw .disabled }
        if tunables.keepsSameFilledPages, let word = SameFilled.word(of: bytes) {
            return .sameFilled(word)
        }
        guard tunables.takesOtherPages || admission == .always else { throw .sameFilledOnly }
        if admission == .limited { try admit(area, worker) }
        let compressor = compressor(for: area, worker)
        let result = worker.scratch.compress(
            bytes, with: compressor, limit: worker.state.compressedByteCountMax)
        switch result {
        case .compressed(let byteCount):
            return try makePooled(byteCount, bytes, compressor, page, area, worker)
        case .failed:
            count(.compressFail, by: worker)
            return try makeRaw(bytes, page, area, worker)
        case .tooLarge:
            return try makeRaw(bytes, page, area, worker)
        }
    }

    /// Refuses a page for which there is no room. Whoever can make room does it here, before the
    /// refusal.
    private func admit(_ area: Area, _ worker: StoreWorker) throws(StoreError) {
        if hasRoom(area) && poolsHaveRoom(worker) { return }
        reject(.rejectReclaimFail, of: area, worker)
        throw .poolFull
    }

    /// The compressor that new pages of an area get. One load, of a line that nobody writes while
    /// pages are stored.
    private func compressor(for area: Area, _ worker: StoreWorker) -> Int {
        let own = arena.loadHalfWord(at: area.record.compressorOffset)
        return own == 0 ? worker.state.currentCompressor : Int(own) - 1
    }

    /// Whether the area stands below its own limit. One load where it has none; else the sum of
    /// what the workers count. They may go beyond it by a page each, if they begin at once.
    private func hasRoom(_ area: Area) -> Bool {
        let limit = arena.loadWord(at: area.record.byteCountMaxOffset)
        return limit == 0 || UInt64(area.storedByteCount) < limit - 1
    }

    private func poolsHaveRoom(_ worker: StoreWorker) -> Bool {
        switch worker.state.limit.check(used: arena.poolFrameCount, isFull: isFull) {
        case .accept: return true
        case .refuseAtLimit: count(.poolLimitHit, by: worker)
        case .refuseUntilAcceptLine: break
        }
        return false
    }

    /// Counts a page that is refused: once in the store, once in the area.
    private func reject(_ event: StoreEvent, of area: Area, _ worker: StoreWorker) {
        count(event, by: worker)
        arena.addToWord(1, at: area.record.refusedPagesOffset)
    }

    private func makePooled(
        _ byteCount: Int, _ bytes: RawSpan, _ compressor: Int, _ page: PageNumber, _ area: Area,
        _ worker: StoreWorker
    ) throws(StoreError) -> PageEntry {
        let handle = try malloc(byteCount, for: area, worker)
        let pool = worker.state.currentPool
        let offset = pool.withPool { $0.offset(of: handle) }
        // The room comes into the cache while the checksum is made.
        arena.prefetch(at: offset, count: byteCount)
        let checksum = PageChecksum.of(bytes)
        let scratch = worker.scratch
        arena.write(scratch.output, at: offset)
        let owner = ObjectOwner(area: area.slot, page: page)
        pool.withPool { $0.setOwner(owner, of: handle) }
        return .object(
            .pooled, handle: handle.rawValue, generation: worker.state.currentGeneration,
            compressor: compressor, byteCount: byteCount, checksum: checksum)
    }

    private func makeRaw(
        _ bytes: RawSpan, _ page: PageNumber, _ area: Area, _ worker: StoreWorker
    ) throws(StoreError) -> PageEntry {
        let owner = ObjectOwner(area: area.slot, page: page)
        var generation = RawFrames.generation
        let handle: PoolHandle
        if worker.state.takesRawPages {
            handle = try malloc(Page.byteCount, for: area, worker)
            worker.state.currentPool.withPool { $0.write(bytes, to: handle, owner: owner) }
            generation = worker.state.currentGeneration
        } else {
            handle = try mallocRawFrame(for: area, worker)
            arena.write(bytes, at: rawFrames.offset(of: handle))
            rawFrames.setOwner(owner, of: handle)
        }
        count(.rawPagesSince, by: worker)
        return .object(
            .raw, handle: handle.rawValue, generation: generation,
            compressor: worker.state.currentCompressor, byteCount: Page.byteCount,
            checksum: PageChecksum.of(bytes))
    }

    private func malloc(
        _ byteCount: Int, for area: Area, _ worker: StoreWorker
    ) throws(StoreError) -> PoolHandle {
        do {
            let handle = try worker.state.currentPool.withPool { pool throws(ZpoolError) in
                try pool.malloc(byteCount)
            }
            noteUse()
            return handle
        } catch {
            // The store never asks for nothing or for more than the pool takes, so it is memory.
            reject(.rejectAllocFail, of: area, worker)
            throw .outOfMemory
        }
    }

    private func mallocRawFrame(
        for area: Area, _ worker: StoreWorker
    ) throws(StoreError) -> PoolHandle {
        do {
            let handle = try rawFrames.malloc()
            noteUse()
            return handle
        } catch {
            reject(.rejectAllocFail, of: area, worker)
            throw .outOfMemory
        }
    }

    /// Remembers the most frames that were ever in use.
    private func noteUse() {
        let used = arena.poolFrameCount
        if used > poolFrameCountMax.load(ordering: .relaxed) {
            poolFrameCountMax.max(used, ordering: .relaxed)
        }
    }

    /// Makes an entry the page's, and frees what it replaces. With `expected`: only if the page
    /// still has that entry. False, or a throw: the new entry's object is freed, the page is as it
    /// was.
    func publish(
        _ entry: PageEntry, replacing expected: PageEntry?, _ page: PageNumber, _ area: Area,
        _ worker: StoreWorker
    ) throws(StoreError) -> Bool {
        while true {
            let offset: ArenaOffset
            do {
                offset = try area.table.makeEntryOffset(of: page)
            } catch {
                free(entry, worker)
                reject(.rejectTableFail, of: area, worker)
                throw .outOfMemory
            }
            var old = PageEntry(pair: arena.loadPair(at: offset))
            // A retired leaf is out of the tree already, so the next look-up makes another one.
            while old.kind != .retired {
                if let expected, old != expected {
                    free(entry, worker)
                    return false
                }
                if arena.compareExchangePair(expected: old.pair, desired: entry.pair, at: offset) {
                    count(entry, of: area, sign: 1, by: worker)
                    forget(old, of: area, worker)
                    return true
                }
                old = PageEntry(pair: arena.loadPair(at: offset))
            }
        }
    }

    /// Uncounts and frees what an entry that left the table stood for.
    func forget(_ entry: PageEntry, of area: Area, _ worker: StoreWorker) {
        guard entry.kind != .empty else { return }
        count(entry, of: area, sign: -1, by: worker)
        free(entry, worker)
    }

    /// Has the processor fetch what freeing an entry's object takes.
    func prepareFree(_ entry: PageEntry, _ worker: StoreWorker) {
        guard entry.kind == .pooled, let handle = PoolHandle(rawValue: entry.word) else { return }
        pool(entry.generation, for: worker)?.withPool { $0.prepareFree(handle) }
    }

    /// Frees an entry's object, if it has one.
    private func free(_ entry: PageEntry, _ worker: StoreWorker) {
        guard entry.kind == .pooled || entry.kind == .raw else { return }
        guard let handle = PoolHandle(rawValue: entry.word) else {
            preconditionFailure("an entry with an object has no handle")
        }
        if entry.generation == RawFrames.generation {
            rawFrames.free(handle)
        } else if let pool = pool(entry.generation, for: worker) {
            pool.withPool { $0.free(handle) }
        } else {
            preconditionFailure("a pool left before its last object")
        }
    }
}
