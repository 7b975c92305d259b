import Arena
import Backing
import Compressors
import ZPool
import ZswapCore

/// Loading one page, without locks: read the entry, decode, check, and retry if the entry changed.
/// A page on the backing store is read from there and stays there. What lies in the arena may be
/// overwritten meanwhile; it is only copied: a raw page into `target`, an object into the worker's
/// scratch, which decodes the copy.
extension SwapStore {
    /// How often an entry may fail its check and still stand unchanged before the page counts as
    /// damaged. More than once, because the page may have been replaced and put back between two
    /// looks.
    static let mismatchCountMax = 3

    enum Decoding { case intact, lost, decodeFailed, checksumDiffers, backingFailed, wouldWait }

    /// Why a page is loaded: reading updates its last use; reading in order to patch does not.
    enum LoadReason { case reading, patching }

    /// Fills `target` (4096 bytes) with the page and returns its entry. Never-written pages are
    /// zeros. Throws `wouldWait` when the worker's gate says so, `corrupted` when what is stored
    /// can't be what was written, and `backingFailed` when it lies on a backing store that does not
    /// give it; `target` holds anything then.
    @discardableResult
    func load(
        _ page: PageNumber, of area: Area, into target: inout MutableRawSpan,
        for reason: LoadReason, by worker: StoreWorker
    ) throws(StoreError) -> PageEntry {
        invariant(target.byteCount == Page.byteCount)
        deepInvariant(quiescence.isInside(worker.number), "a page is loaded outside a request")
        var mismatchCount = 0
        while true {
            guard let offset = area.table.entryOffset(of: page) else {
                SpanCopy.clear(&target)
                return .empty
            }
            let entry = PageEntry(pair: arena.loadPair(at: offset))
            let decoding = decode(entry, into: &target, worker)
            if decoding == .intact {
                if reason == .reading { noteUse(of: entry, at: offset, worker) }
                return entry.kind == .retired ? .empty : entry
            }
            guard PageEntry(pair: arena.loadPair(at: offset)) == entry else { continue }
            if decoding == .wouldWait { throw .wouldWait }
            if decoding == .lost { throw .corrupted }
            if decoding == .backingFailed {
                count(.backingLoadFail, by: worker)
                throw .backingFailed
            }
            mismatchCount += 1
            guard mismatchCount == Self.mismatchCountMax else { continue }
            count(decoding == .decodeFailed ? .decompressFail : .checksumFail, by: worker)
            throw .corrupted
        }
    }

    /// Records when a page was loaded, at most once a second. If the entry changed meanwhile, the
    /// newer entry stays.
    private func noteUse(of entry: PageEntry, at offset: ArenaOffset, _ worker: StoreWorker) {
        if entry.kind == .onBacking { return count(.backingLoads, by: worker) }
        guard entry.isInMemory else { return }
        // Number by number: a copy of the form behind the decoding of a page takes 0.4 µs.
        if entry.compressor == worker.state.cold.compressor, worker.state.hasColdForm,
            entry.kind == .pooled, entry.generation == worker.state.cold.generation
        {
            record.addColdLoad()
        }
        guard let use = entry.lastUse.loaded(at: worker.seconds) else { return }
        _ = arena.compareExchangePair(
            expected: entry.pair, desired: entry.used(use).pair, at: offset)
    }

    /// Fills `target` with the page of an entry, and checks it.
    func decode(
        _ entry: PageEntry, into target: inout MutableRawSpan, _ worker: StoreWorker
    ) -> Decoding {
        switch entry.kind {
        case .empty, .retired:
            SpanCopy.clear(&target)
            return .intact
        case .lost: return .lost
        case .sameFilled:
            SameFilled.fill(&target, with: entry.word)
            return .intact
        case .raw, .pooled:
            guard let offset = objectOffset(entry, worker) else { return .decodeFailed }
            let arena = self.arena
            arena.prefetch(at: offset, count: entry.byteCount)
            let object = arena.bytes(at: offset, count: entry.byteCount)
            guard decode(object, of: entry, into: &target, worker) else { return .decodeFailed }
        case .onBacking:
            switch worker.backingGate?.enter() ?? .wait {
            case .wait: break
            case .later: return .wouldWait
            case .refuse: return .backingFailed
            }
            let isRead = readBacking(entry, worker)
            // The device may have taken any time.
            worker.seconds = clock.seconds
            guard isRead else { return .backingFailed }
            let buffer = worker.backingBuffer
            guard decode(buffer.payload, of: entry, into: &target, worker) else {
                return .decodeFailed
            }
        }
        return PageChecksum.of(target.bytes) == entry.checksum ? .intact : .checksumDiffers
    }

    /// An object of 4096 bytes is the page as it was, whatever kind of place it lies in: known by
    /// its length alone.
    private func decode(
        _ object: RawSpan, of entry: PageEntry, into target: inout MutableRawSpan,
        _ worker: StoreWorker
    ) -> Bool {
        guard object.byteCount < Page.byteCount else {
            // A longer one comes of damaged memory only.
            guard object.byteCount == Page.byteCount else { return false }
            SpanCopy.copy(object, into: &target)
            return true
        }
        return hasCodec(entry.compressor, worker)
            && worker.scratch.decompress(object, into: &target, with: entry.compressor)
    }

    /// Whether a copy of an entry's object is the page that was stored. Decodes it over the
    /// worker's patch.
    package func isIntact(_ object: RawSpan, of entry: PageEntry, _ worker: StoreWorker) -> Bool {
        invariant(object.byteCount == entry.byteCount, "a copy of another object")
        let patch = worker.patch
        var target = patch.mutableBytes
        return decode(object, of: entry, into: &target, worker)
            && PageChecksum.of(patch.bytes) == entry.checksum
    }

    /// Reads an entry's object into the worker's buffer: the one place where a request waits for
    /// the backing store.
    private func readBacking(_ entry: PageEntry, _ worker: StoreWorker) -> Bool {
        guard let backing = backing(entry.generation, for: worker) else { return false }
        do {
            try backing.withLog { log throws(BackingError) in
                try log.read(
                    entry.location, payloadByteCount: entry.byteCount, into: worker.backingBuffer)
            }
            return true
        } catch {
            return false
        }
    }

    func objectOffset(_ entry: PageEntry, _ worker: StoreWorker) -> ArenaOffset? {
        guard let handle = entry.handle else { return nil }
        if entry.generation == RawFrames.generation { return rawFrames.offset(of: handle) }
        return pool(entry.generation, for: worker)?.withPool { $0.offset(of: handle) }
    }
}
