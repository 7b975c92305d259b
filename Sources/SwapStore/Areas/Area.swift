import Arena
import Synchronization
public import ZswapCore

/// One file of the root directory: a sparse range of pages, with the metadata POSIX wants of a
/// file.
///
/// Law: everything that must survive the process is in the arena (record, table, counters). This
/// object keeps only their places and what passes with the process.
public final class Area: Sendable {
    /// The slot in the area directory; unique while the area exists.
    public let slot: Int
    /// When it was created, in nanoseconds since 1970: tells apart areas that used the same slot
    /// one after the other.
    public var birth: UInt64 { record.birth }
    let record: AreaRecord
    let table: PageTable
    let tally: CounterBlock
    /// Whether there is room below the area's own limit. Through it stores into the area ask the
    /// write-back thread for room, and the thread answers.
    package let room = Room()

    init(
        slot: Int, record: AreaRecord, table: PageTable, tally: CounterBlock
    ) {
        self.slot = slot
        self.record = record
        self.table = table
        self.tally = tally
    }

    /// Bytes from the start to the end of the file.
    public var size: UInt64 { record.arena.loadWord(at: record.sizeOffset) }

    /// The attributes that `stat` shows.
    public var attributes: AreaAttributes {
        AreaAttributes(
            size: size, mode: record.mode, userID: record.userID, groupID: record.groupID,
            accessed: record.accessed, modified: record.modified, changed: record.changed)
    }

    /// Whether its objects take less than its own limit, if it has one. One load where it has none.
    package var isBelowLimit: Bool {
        guard let limit = record.byteCountMax else { return true }
        return UInt64(storedByteCount) < limit
    }

    /// Its own limit, in bytes of its objects; nil: it has none.
    package var byteCountMax: UInt64? { record.byteCountMax }

    /// Its name; the last one after it was unlinked.
    package var name: ByteText { record.name }

    /// Whether its pages may leave for the backing store.
    public var allowsWriteBack: Bool { record.allowsWriteBack ?? true }

    /// Its pages and bytes now. Only while it is linked, open or looked up.
    public var statistics: AreaStatistics {
        AreaStatistics(
            storedPageCount: held(.storedPages), sameFilledPageCount: held(.sameFilledPages),
            rawPageCount: held(.rawPages), backedPageCount: held(.backedPages),
            storedByteCount: storedByteCount, backedByteCount: max(record.backedByteCount, 0))
    }

    /// Bytes of its objects in memory. Only while it is linked, open or looked up. A load of each
    /// worker's line.
    public var storedByteCount: Int { held(.storedBytes) }

    /// Bytes that its pages take, for `st_blocks`: objects in memory and on the backing store, and
    /// the entries of same-filled pages, which have no object. 0 only when it holds no page:
    /// programs take a file without blocks for one hole.
    public var heldByteCount: Int {
        let entryByteCount = held(.sameFilledPages) * MemoryLayout<WordPair>.size
        let byteCount = storedByteCount + max(record.backedByteCount, 0) + entryByteCount
        return held(.storedPages) > 0 ? max(byteCount, 1) : byteCount
    }

    /// Permission bits, with set-user-ID and set-group-ID.
    public var mode: UInt32 { record.mode }

    /// Its pages read, written, discarded and refused since it was created. Only while it is
    /// linked, open or looked up.
    public var traffic: AreaTraffic {
        AreaTraffic(
            readPageCount: sum(.reads), writtenPageCount: sum(.writes),
            discardedPageCount: sum(.discards), refusedPageCount: Int(record.refusedPageCount))
    }

    /// Nothing stored and nothing miscounted. Only while no worker uses the area.
    var isBalanced: Bool {
        AreaTally.held.allSatisfy { sum($0) == 0 } && record.backedByteCount == 0
    }

    private func sum(_ word: AreaTally) -> Int { tally.sum(of: word.rawValue) }

    /// While workers count, a page may be seen leaving before it is seen coming.
    private func held(_ word: AreaTally) -> Int { max(sum(word), 0) }

    /// Adds `pageCount` pages to one of the area's counters.
    func note(_ word: AreaTally, _ pageCount: Int, worker: WorkerNumber) {
        tally.add(pageCount, to: word.rawValue, worker: worker)
    }

    /// Makes the area at least this long.
    func extend(to end: UInt64) {
        invariant(end <= Limits.areaByteCountMax, "no area is that long")
        var size = self.size
        while size < end {
            let (exchanged, original) = record.arena.compareExchangeWord(
                expected: size, desired: end, at: record.sizeOffset)
            if exchanged { return }
            size = original
        }
    }

    func count(_ entry: PageEntry, sign: Int, worker: WorkerNumber) {
        invariant(sign == 1 || sign == -1, "a page comes or goes")
        tally.add(sign, to: AreaTally.storedPages.rawValue, worker: worker)
        switch entry.kind {
        case .sameFilled:
            tally.add(sign, to: AreaTally.sameFilledPages.rawValue, worker: worker)
        case .raw:
            tally.add(sign, to: AreaTally.rawPages.rawValue, worker: worker)
            tally.add(sign * entry.byteCount, to: AreaTally.storedBytes.rawValue, worker: worker)
        case .pooled:
            tally.add(sign * entry.byteCount, to: AreaTally.storedBytes.rawValue, worker: worker)
        case .onBacking:
            tally.add(sign, to: AreaTally.backedPages.rawValue, worker: worker)
            record.addBackedBytes(sign * entry.byteCount)
        case .empty, .retired, .lost:
            unreachable("only stored pages are counted")
        }
    }
}

/// The POSIX metadata of an area.
public struct AreaAttributes: Equatable, Sendable {
    /// Bytes.
    public var size: UInt64
    /// Permission bits.
    public var mode: UInt32
    /// Owner.
    public var userID: UInt32
    /// Group.
    public var groupID: UInt32
    /// Last set by a user; reading does not change it.
    public var accessed: FileTime
    /// Last change of the content.
    public var modified: FileTime
    /// Last change of content or metadata.
    public var changed: FileTime
}
