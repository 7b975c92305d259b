import Arena
import ZswapCore

/// One file of the root directory: a sparse range of pages, with the metadata POSIX wants of a
/// file.
///
/// Law: everything that must survive the process is in the arena (record, table, counters); what is
/// here besides are the places of these and how often the process has the area open.
public final class Area: Sendable {
    /// The slot in the area directory; unique while the area exists.
    public let slot: Int
    /// When it was made, in nanoseconds since 1970: tells areas apart that had the same slot.
    public var birth: UInt64 { record.birth }
    let record: AreaRecord
    let table: PageTable
    let tally: CounterBlock

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

    /// What `stat` shows.
    public var attributes: AreaAttributes {
        AreaAttributes(
            size: size, mode: record.mode, userID: record.userID, groupID: record.groupID,
            accessed: record.accessed, modified: record.modified, changed: record.changed)
    }

    /// What the area holds now. Only while it is linked, open or looked up.
    public var statistics: AreaStatistics {
        // While workers count, a page may be seen leaving before it is seen coming.
        func sum(_ word: AreaTally) -> Int { max(tally.sum(of: word.rawValue), 0) }
        return AreaStatistics(
            storedPageCount: sum(.storedPages), sameFilledPageCount: sum(.sameFilledPages),
            rawPageCount: sum(.rawPages), backedPageCount: sum(.backedPages),
            storedByteCount: sum(.storedBytes))
    }

    /// Nothing stored and nothing miscounted. Only when nobody is serving the area.
    var isBalanced: Bool { AreaTally.allCases.allSatisfy { tally.sum(of: $0.rawValue) == 0 } }

    /// Whether its pages may leave for the backing store.
    var allowsWriteBack: Bool { true }

    /// Makes the area at least this long.
    func extend(to end: UInt64) {
        var size = self.size
        while size < end {
            let (exchanged, original) = record.arena.compareExchangeWord(
                expected: size, desired: end, at: record.sizeOffset)
            if exchanged { return }
            size = original
        }
    }

    func count(_ entry: PageEntry, sign: Int, worker: WorkerNumber) {
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
        case .empty, .retired:
            preconditionFailure("only stored pages are counted")
        }
    }
}

/// The POSIX metadata of an area. Times in nanoseconds since 1970.
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
    public var accessed: UInt64
    /// Last change of the content.
    public var modified: UInt64
    /// Last change of content or metadata.
    public var changed: UInt64
}

/// What an area, or a whole store, holds.
public struct AreaStatistics: Equatable, Sendable {
    /// Pages that are not holes.
    public var storedPageCount = 0
    /// Of these, kept as one word.
    public var sameFilledPageCount = 0
    /// Of these, kept as they are, in memory.
    public var rawPageCount = 0
    /// Of these, on the backing store, compressed or as they are.
    public var backedPageCount = 0
    /// Bytes of the objects in memory.
    public var storedByteCount = 0

    /// Of the stored pages, those compressed in memory.
    public var compressedPageCount: Int {
        storedPageCount - sameFilledPageCount - rawPageCount - backedPageCount
    }

    /// Nothing.
    public init() {}

    init(
        storedPageCount: Int, sameFilledPageCount: Int, rawPageCount: Int, backedPageCount: Int,
        storedByteCount: Int
    ) {
        self.storedPageCount = storedPageCount
        self.sameFilledPageCount = sameFilledPageCount
        self.rawPageCount = rawPageCount
        self.backedPageCount = backedPageCount
        self.storedByteCount = storedByteCount
    }

    /// The sum of two.
    public static func + (left: AreaStatistics, right: AreaStatistics) -> AreaStatistics {
        AreaStatistics(
            storedPageCount: left.storedPageCount + right.storedPageCount,
            sameFilledPageCount: left.sameFilledPageCount + right.sameFilledPageCount,
            rawPageCount: left.rawPageCount + right.rawPageCount,
            backedPageCount: left.backedPageCount + right.backedPageCount,
            storedByteCount: left.storedByteCount + right.storedByteCount)
    }
}
