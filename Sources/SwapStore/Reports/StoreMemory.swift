import Arena
import ZswapCore

/// All memory that the store's arena holds, by what it is for, in bytes.
///
///     committed | pools | entries, tables, directory, counters, the arena's own | reserve |
///                         `---------------- metadata ------------------------'
///
/// Law: no part is negative and together they are what is committed. Exact while no worker serves.
public struct StoreMemory: Equatable, Sendable {
    /// Frames of objects: what the limit is compared with.
    public var pools: Int
    /// Entries of page tables, 16 bytes for each page of 2 MiB of an area that have one stored.
    public var entries: Int
    /// The levels of page tables above the entries.
    public var tables: Int
    /// The area directory and the store's record.
    public var directory: Int
    /// The workers' counters, for areas, pools and the whole store.
    public var counters: Int
    /// The records of the arena's segments.
    public var segmentRecords: Int
    /// The descriptors of runs, for their holders.
    public var runDescriptors: Int
    /// The superblock.
    public var superblock: Int
    /// Frames committed ahead of demand and not in use.
    public var reserve: Int

    /// Everything that is neither pools nor reserve.
    public var metadata: Int {
        entries + tables + directory + counters + segmentRecords + runDescriptors + superblock
    }

    /// The sum of the parts.
    public var committed: Int { pools + metadata + reserve }

    init(_ usage: ArenaUsage) {
        // A run that is taken while the arena counts may be missing in one sum and not in another.
        func bytes(_ frameCount: Int) -> Int { max(frameCount, 0) * Page.byteCount }
        pools = bytes(usage.poolFrameCount)
        entries = bytes(usage.entryFrameCount)
        tables = bytes(usage.nodeFrameCount)
        directory = bytes(usage.directoryFrameCount)
        counters = bytes(usage.counterFrameCount)
        segmentRecords = bytes(usage.segmentRecordFrameCount)
        runDescriptors = bytes(usage.descriptorFrameCount)
        superblock = bytes(usage.superblockFrameCount)
        reserve = bytes(usage.reservedFrameCount)
    }
}
