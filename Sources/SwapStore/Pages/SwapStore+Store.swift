import Arena
import Backing
import Compressors
import Synchronization
import ZPool
import ZswapCore

/// Storing one page.
///
///     same-filled? -> limit -> compress -> malloc -> checksum -> copy, owner -> publish -> free
///
/// Law: no other thread writes the bytes until the page is published. They are those of a write
/// request, which the thread that received it answers; or, for a part of a page and a page that is
/// moved, they lie in the worker's patch. They never lie in the arena. So the bytes that are
/// compressed, checksummed and copied are the same, and codecs read nothing that changes.
extension SwapStore {
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

    /// Creates an entry for these bytes; it is not published yet.
    func makeEntry(
        _ bytes: RawSpan, _ page: PageNumber, _ area: Area, _ admission: Admission,
        _ worker: StoreWorker
    ) throws(StoreError) -> PageEntry {
        invariant(bytes.byteCount == Page.byteCount)
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
        do throws(StoreError) {
            if passes {
                return try makeRaw(bytes, .passing, hotForm(of: area, worker), page, area, worker)
            }
            let entry = try makeObject(bytes, hotForm(of: area, worker), page, area, worker)
            if entry.kind == .raw { count(.rawPagesSince, by: worker) }
            return entry
        } catch {
            reject(.rejectAllocFail, of: area, worker)
            throw error
        }
    }

    /// Creates an object of this form for these bytes, in a raw frame where the form's pool can't
    /// take it, and an entry that names it; it is not published yet. Throws `outOfMemory`.
    func makeObject(
        _ bytes: RawSpan, _ form: PageForm, _ page: PageNumber, _ area: Area,
        _ worker: StoreWorker
    ) throws(StoreError) -> PageEntry {
        invariant(!arena.overlaps(bytes), "a page is stored from memory that may be reused")
        let result = worker.scratch.compress(
            bytes, with: form.compressor, limit: form.compressedByteCountMax)
        switch result {
        case .compressed(let byteCount):
            return try makePooled(byteCount, bytes, form, page, area, worker)
        case .failed:
            count(.compressFail, by: worker)
            return try makeRaw(bytes, .stored, form, page, area, worker)
        case .tooLarge:
            return try makeRaw(bytes, .stored, form, page, area, worker)
        }
    }

    /// The form of new pages of an area.
    func hotForm(of area: Area, _ worker: StoreWorker) -> PageForm {
        let compressor = wantedCompressor(of: area, worker)
        var form = worker.state.hot
        form.compressor = compressor
        return form
    }

    /// The number of the compressor for new pages of an area. One load, of a cache line that
    /// storing pages does not write.
    func wantedCompressor(of area: Area, _ worker: StoreWorker) -> Int {
        let own = arena.loadHalfWord(at: area.record.compressorOffset)
        // Prepared before it was written down; a request that began earlier fetches it now.
        guard own > 0, hasCodec(Int(own) - 1, worker) else { return worker.state.currentCompressor }
        return Int(own) - 1
    }

    /// Creates an object in the form's pool of what the worker's scratch has compressed.
    func makePooled(
        _ byteCount: Int, _ bytes: RawSpan, _ form: PageForm, _ page: PageNumber, _ area: Area,
        _ worker: StoreWorker
    ) throws(StoreError) -> PageEntry {
        invariant(byteCount > 0 && byteCount < Page.byteCount, "no compressed page has that size")
        let pool = form.pool
        let handle = try malloc(byteCount, pool)
        let offset = pool.withPool { $0.offset(of: handle) }
        // The room comes into the cache while the checksum is made.
        arena.prefetch(at: offset, count: byteCount)
        let checksum = PageChecksum.of(bytes)
        let scratch = worker.scratch
        arena.write(scratch.output, at: offset)
        let owner = ObjectOwner(area: area.slot, page: page)
        pool.withPool {
            $0.setOwner(owner, of: handle)
            deepInvariant($0.offset(of: handle) == offset, "an object moved that no entry names")
        }
        return .object(
            .pooled, handle: handle, generation: form.generation,
            compressor: form.compressor, byteCount: byteCount, checksum: checksum,
            lastUse: LastUse(.stored, at: worker.seconds))
    }

    private func makeRaw(
        _ bytes: RawSpan, _ how: LastUse.How, _ form: PageForm, _ page: PageNumber, _ area: Area,
        _ worker: StoreWorker
    ) throws(StoreError) -> PageEntry {
        invariant(!arena.overlaps(bytes), "a page is stored from memory that may be reused")
        let owner = ObjectOwner(area: area.slot, page: page)
        let handle: PoolHandle
        if form.takesRawPages {
            handle = try malloc(Page.byteCount, form.pool)
            form.pool.withPool { $0.write(bytes, to: handle, owner: owner) }
        } else {
            handle = try mallocRawFrame()
            arena.write(bytes, at: rawFrames.offset(of: handle))
            rawFrames.setOwner(owner, of: handle)
        }
        return .object(
            .raw, handle: handle, generation: form.rawGeneration, compressor: form.compressor,
            byteCount: Page.byteCount,
            checksum: PageChecksum.of(bytes), lastUse: LastUse(how, at: worker.seconds))
    }

    private func malloc(
        _ byteCount: Int, _ pool: PoolReference
    ) throws(StoreError) -> PoolHandle {
        do {
            let handle = try pool.withPool { pool throws(ZpoolError) in
                try pool.malloc(byteCount)
            }
            noteUse()
            return handle
        } catch {
            // The store never asks for nothing or for more than the pool takes, so it is memory.
            throw .outOfMemory
        }
    }

    private func mallocRawFrame() throws(StoreError) -> PoolHandle {
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
        if used > record.poolFrameCountMax { record.raisePoolFrameCountMax(to: used) }
    }

    /// Makes an entry the page's, and frees what it replaces. With `expected`: only if the page
    /// still has that entry. False, or a throw: the new entry's object is freed, the page is as it
    /// was.
    func publish(
        _ entry: PageEntry, replacing expected: PageEntry?, _ page: PageNumber, _ area: Area,
        _ worker: StoreWorker
    ) throws(StoreError) -> Bool {
        deepInvariant(quiescence.isInside(worker.number), "a page is published outside a request")
        invariant(entry.isCounted, "a page is stored as something that is not counted")
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
                    if entry.isPassing { roomRequests.notePassing() }
                    return true
                }
                old = PageEntry(pair: arena.loadPair(at: offset))
            }
        }
    }

    /// Uncounts and frees what an entry that left the table stood for.
    package func forget(_ entry: PageEntry, of area: Area, _ worker: StoreWorker) {
        guard entry.isCounted else { return }
        count(entry, of: area, sign: -1, by: worker)
        free(entry, worker)
    }

    /// Has the processor fetch what freeing an entry's object takes.
    func prepareFree(_ entry: PageEntry, _ worker: StoreWorker) {
        guard entry.kind == .pooled, let handle = entry.handle else { return }
        pool(entry.generation, for: worker)?.withPool { $0.prepareFree(handle) }
    }

    /// Frees an entry's object, if it has one.
    package func free(_ entry: PageEntry, _ worker: StoreWorker) {
        deepInvariant(quiescence.isInside(worker.number), "an object is freed outside a request")
        if entry.kind == .onBacking { return freeBacked(entry, worker) }
        guard entry.isInMemory else { return }
        guard let handle = entry.handle else {
            unreachable("an entry with an object has no handle")
        }
        if entry.generation == RawFrames.generation {
            rawFrames.free(handle)
        } else if let pool = pool(entry.generation, for: worker) {
            pool.withPool { $0.free(handle) }
        } else {
            unreachable("a pool left before its last object")
        }
    }

    private func freeBacked(_ entry: PageEntry, _ worker: StoreWorker) {
        guard let backing = backing(entry.generation, for: worker) else {
            unreachable("a backing store left before its last page")
        }
        backing.withLog { $0.free(entry.location, payloadByteCount: entry.byteCount) }
    }
}
