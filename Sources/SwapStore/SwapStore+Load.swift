import Arena
import Compressors
import ZPool
import ZswapCore

/// Loading one page, without locks: read the entry, decode, check, and try again if somebody was
/// faster.
extension SwapStore {
    /// How often an entry may fail its check and still stand unchanged before the page counts as
    /// damaged. More than once, because the page may have been replaced and put back between two
    /// looks.
    private static let strikesMax = 3

    private enum Decoding { case intact, decodeFailed, checksumDiffers }

    /// Fills `target` (4096 bytes) with the page and tells which entry it was. Never-written pages
    /// are zeros. Throws `corrupted` when what is stored can't be what was written; `target` holds
    /// anything then.
    @discardableResult
    func load(
        _ page: PageNumber, of area: Area, into target: inout MutableRawSpan,
        by worker: StoreWorker
    ) throws(StoreError) -> PageEntry {
        precondition(target.byteCount == Page.byteCount)
        var strikes = 0
        while true {
            guard let offset = area.table.entryOffset(of: page) else {
                SpanCopy.clear(&target)
                return .empty
            }
            let entry = PageEntry(pair: arena.loadPair(at: offset))
            let decoding = decode(entry, into: &target, worker)
            if decoding == .intact { return entry.kind == .retired ? .empty : entry }
            guard PageEntry(pair: arena.loadPair(at: offset)) == entry else { continue }
            strikes += 1
            guard strikes == Self.strikesMax else { continue }
            count(decoding == .decodeFailed ? .decompressFail : .checksumFail, by: worker)
            throw .corrupted
        }
    }

    private func decode(
        _ entry: PageEntry, into target: inout MutableRawSpan, _ worker: StoreWorker
    ) -> Decoding {
        switch entry.kind {
        case .empty, .retired:
            SpanCopy.clear(&target)
            return .intact
        case .sameFilled:
            SameFilled.fill(&target, with: entry.word)
            return .intact
        case .raw:
            guard let offset = objectOffset(entry, worker) else { return .decodeFailed }
            let arena = self.arena
            let object = arena.bytes(at: offset, count: Page.byteCount)
            SpanCopy.copy(object, into: &target)
        case .pooled:
            guard let offset = objectOffset(entry, worker), hasCodec(entry.compressor, worker)
            else { return .decodeFailed }
            let arena = self.arena
            arena.prefetch(at: offset, count: entry.byteCount)
            let object = arena.bytes(at: offset, count: entry.byteCount)
            guard worker.scratch.decompress(object, into: &target, with: entry.compressor) else {
                return .decodeFailed
            }
        }
        return PageChecksum.of(target.bytes) == entry.checksum ? .intact : .checksumDiffers
    }

    private func objectOffset(_ entry: PageEntry, _ worker: StoreWorker) -> ArenaOffset? {
        guard let handle = PoolHandle(rawValue: entry.word) else { return nil }
        if entry.generation == RawFrames.generation { return rawFrames.offset(of: handle) }
        return pool(entry.generation, for: worker)?.withPool { $0.offset(of: handle) }
    }
}
