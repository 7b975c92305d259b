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
        if admission == .limited { try admit(worker) }
        do {
            let entry = try makeObject(bytes, page, area, worker)
            if entry.kind == .raw { count(.rawPagesSince, by: worker) }
            return entry
        } catch {
            count(.rejectAllocFail, by: worker)
            throw error
        }
    }

    /// The compressor that pages of an area are to have, by its id.
    func wantedCompressor(of area: Area, _ worker: StoreWorker) -> Int {
        worker.state.currentCompressor
    }

    /// An object for these bytes in the current pool, or in a frame, and an entry that names it.
    /// Nobody else knows of it yet. Throws `outOfMemory`.
    func makeObject(
        _ bytes: RawSpan, _ page: PageNumber, _ area: Area, _ worker: StoreWorker
    ) throws(StoreError) -> PageEntry {
        let owner = ObjectOwner(area: area.slot, page: page)
        let compressor = wantedCompressor(of: area, worker)
        let result = worker.scratch.compress(
            bytes, with: compressor, limit: worker.state.compressedByteCountMax)
        switch result {
        case .compressed(let byteCount):
            return try makePooled(byteCount, bytes, owner, compressor, worker)
        case .failed:
            count(.compressFail, by: worker)
            return try makeRaw(bytes, owner, compressor, worker)
        case .tooLarge:
            return try makeRaw(bytes, owner, compressor, worker)
        }
    }

    private func admit(_ worker: StoreWorker) throws(StoreError) {
        switch worker.state.limit.check(used: arena.poolFrameCount, isFull: isFull) {
        case .accept: return
        case .refuseAtLimit: count(.poolLimitHit, by: worker)
        case .refuseUntilAcceptLine: break
        }
        count(.rejectReclaimFail, by: worker)
        throw .poolFull
    }

    private func makePooled(
        _ byteCount: Int, _ bytes: RawSpan, _ owner: ObjectOwner, _ compressor: Int,
        _ worker: StoreWorker
    ) throws(StoreError) -> PageEntry {
        let handle = try malloc(byteCount, worker)
        let pool = worker.state.currentPool
        let offset = pool.withPool { $0.offset(of: handle) }
        // The room comes into the cache while the checksum is made.
        arena.prefetch(at: offset, count: byteCount)
        let checksum = PageChecksum.of(bytes)
        let scratch = worker.scratch
        arena.write(scratch.output, at: offset)
        pool.withPool { $0.setOwner(owner, of: handle) }
        return .object(
            .pooled, handle: handle.rawValue, generation: worker.state.currentGeneration,
            compressor: compressor, byteCount: byteCount, checksum: checksum)
    }

    private func makeRaw(
        _ bytes: RawSpan, _ owner: ObjectOwner, _ compressor: Int, _ worker: StoreWorker
    ) throws(StoreError) -> PageEntry {
        var generation = RawFrames.generation
        let handle: PoolHandle
        if worker.state.takesRawPages {
            handle = try malloc(Page.byteCount, worker)
            worker.state.currentPool.withPool { $0.write(bytes, to: handle, owner: owner) }
            generation = worker.state.currentGeneration
        } else {
            handle = try mallocRawFrame(worker)
            arena.write(bytes, at: rawFrames.offset(of: handle))
            rawFrames.setOwner(owner, of: handle)
        }
        return .object(
            .raw, handle: handle.rawValue, generation: generation,
            compressor: compressor, byteCount: Page.byteCount,
            checksum: PageChecksum.of(bytes))
    }

    private func malloc(
        _ byteCount: Int, _ worker: StoreWorker
    ) throws(StoreError) -> PoolHandle {
        do {
            let handle = try worker.state.currentPool.withPool { pool throws(ZpoolError) in
                try pool.malloc(byteCount)
            }
            noteUse()
            return handle
        } catch {
            // The store never asks for nothing or for more than the pool takes, so it is memory.
            throw .outOfMemory
        }
    }

    private func mallocRawFrame(_ worker: StoreWorker) throws(StoreError) -> PoolHandle {
        do {
            let handle = try rawFrames.malloc()
            noteUse()
            return handle
        } catch {
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
                count(.rejectTableFail, by: worker)
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
    func free(_ entry: PageEntry, _ worker: StoreWorker) {
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
