import Arena
import Backing
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
        // Without compressing there is still the backing store.
        let compresses = tunables.isEnabled && tunables.takesOtherPages || admission == .always
        let passes = !compresses && mayPass(area)
        guard tunables.isEnabled || compresses || passes else { throw .disabled }
        if tunables.keepsSameFilledPages, let word = SameFilled.word(of: bytes) {
            return .sameFilled(word)
        }
        guard compresses || passes else { throw .sameFilledOnly }
        if admission == .limited { try admit(area, worker) }
        let owner = ObjectOwner(area: area.slot, page: page)
        if passes { return try makeRaw(bytes, owner, .passing, worker) }
        let result = worker.scratch.compress(
            bytes, with: worker.state.currentCompressor,
            limit: worker.state.compressedByteCountMax)
        switch result {
        case .compressed(let byteCount):
            return try makePooled(byteCount, bytes, owner, worker)
        case .failed:
            count(.compressFail, by: worker)
            return try makeRaw(bytes, owner, .stored, worker)
        case .tooLarge:
            return try makeRaw(bytes, owner, .stored, worker)
        }
    }

    /// Lets a page in that needs room. At the limit room is made, by writing cold pages back, or
    /// the page is refused.
    private func admit(_ area: Area, _ worker: StoreWorker) throws(StoreError) {
        switch worker.state.limit.check(used: arena.poolFrameCount, isFull: isFull) {
        case .accept: return
        case .refuseAtLimit:
            count(.poolLimitHit, by: worker)
            if waitForRoom(worker) { return }
        case .refuseUntilAcceptLine:
            // Room is being made, and there is some already.
            if desk.isReady { return }
        }
        count(.rejectReclaimFail, by: worker)
        throw .poolFull
    }

    /// Whether a page of this area may be taken only to be written to the backing store.
    private func mayPass(_ area: Area) -> Bool {
        desk.isReady && area.allowsWriteBack
    }

    /// Waits until the write-back thread has made room. False: there is none to be had. Outside of
    /// the request meanwhile, so that memory can go back.
    private func waitForRoom(_ worker: StoreWorker) -> Bool {
        let frameCountMax = worker.state.limit.frameCountMax
        guard frameCountMax > 0, desk.isReady else { return false }
        end(worker)
        defer { begin(worker) }
        return desk.wait { arena.poolFrameCount < frameCountMax }
    }

    private func makePooled(
        _ byteCount: Int, _ bytes: RawSpan, _ owner: ObjectOwner, _ worker: StoreWorker
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
            .pooled, handle: handle, generation: worker.state.currentGeneration,
            compressor: worker.state.currentCompressor, byteCount: byteCount, checksum: checksum,
            lastUse: LastUse(.stored, at: worker.seconds))
    }

    private func makeRaw(
        _ bytes: RawSpan, _ owner: ObjectOwner, _ how: LastUse.How, _ worker: StoreWorker
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
        if how != .passing { count(.rawPagesSince, by: worker) }
        return .object(
            .raw, handle: handle, generation: generation,
            compressor: worker.state.currentCompressor, byteCount: Page.byteCount,
            checksum: PageChecksum.of(bytes), lastUse: LastUse(how, at: worker.seconds))
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
            count(.rejectAllocFail, by: worker)
            throw .outOfMemory
        }
    }

    private func mallocRawFrame(_ worker: StoreWorker) throws(StoreError) -> PoolHandle {
        do {
            let handle = try rawFrames.malloc()
            noteUse()
            return handle
        } catch {
            count(.rejectAllocFail, by: worker)
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
                    if entry.isPassing { desk.notePassing() }
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
        guard entry.kind == .pooled, let handle = entry.handle else { return }
        pool(entry.generation, for: worker)?.withPool { $0.prepareFree(handle) }
    }

    /// Frees an entry's object, if it has one.
    func free(_ entry: PageEntry, _ worker: StoreWorker) {
        if entry.kind == .onBacking { return freeBacked(entry, worker) }
        guard entry.isInMemory else { return }
        guard let handle = entry.handle else {
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

    private func freeBacked(_ entry: PageEntry, _ worker: StoreWorker) {
        guard let backing = backing(entry.generation, for: worker) else {
            preconditionFailure("a backing store left before its last page")
        }
        backing.withLog { $0.free(entry.location, payloadByteCount: entry.byteCount) }
    }
}
