import Arena
import Synchronization
import Threads
import ZPool
import ZswapCore

/// Everything the store counts, at one moment. Sums over workers: exact while no worker serves.
public struct StoreStatistics: Equatable, Sendable {
    /// Pages and bytes of all areas, unlinked ones that are open among them.
    public var pages: AreaStatistics
    /// All memory of the store, by what it is for.
    public var memory: StoreMemory
    /// The most that all pools together ever held, in bytes.
    public var poolByteCountMax: Int
    /// The pools' limit in bytes: their share of the memory.
    public var limitByteCount: Int
    /// The most the arena may take for everything, in bytes: the pools may stop here before.
    public var arenaByteCountMax: Int
    /// Pages that found the pools at their limit.
    public var poolLimitHits: Int
    /// Pages refused because no room could be made.
    public var rejectReclaimFail: Int
    /// Pages refused because no memory was left for their objects.
    public var rejectAllocFail: Int
    /// Pages refused because no memory was left for the page table.
    public var rejectTableFail: Int
    /// Pages whose codec failed, kept raw.
    public var compressFail: Int
    /// Loads that failed in the codec.
    public var decompressFail: Int
    /// Loads that failed their checksum.
    public var checksumFail: Int
    /// Pages ever kept raw.
    public var rawPagesSince: Int
    /// Requests that failed to read.
    public var failedReads: Int
    /// Requests that failed to write, or wrote short.
    public var failedWrites: Int
    /// Pages that discards emptied.
    public var discardedPages: Int
    /// Frames that compaction freed.
    public var compactedFrames: Int
    /// Pages that were moved to the backing store.
    public var writtenBackPages: Int
    /// Loads of pages from the backing store.
    public var backingLoads: Int
    /// Loads that the backing store did not answer.
    public var backingLoadFail: Int
    /// Pages that stayed in memory since writing them failed.
    public var backingStoreFail: Int
    /// Pages that were moved to another pool, or compressed anew.
    public var migratedPages: Int
    /// Pages that were verified, and are as they were stored.
    public var scrubbedPages: Int
    /// Pages that were found damaged, and can't be read any more.
    public var scrubErrors: Int

    /// Frames of all pools, in bytes.
    public var poolByteCount: Int { memory.pools }

    /// Refused pages, for whatever reason.
    public var rejects: Int { rejectReclaimFail + rejectAllocFail + rejectTableFail }

    /// Original bytes of the pages in memory by what they take in pools, metadata aside; nil while
    /// the pools are empty.
    public var ratio: Double? {
        guard poolByteCount > 0 else { return nil }
        let pageCount = pages.storedPageCount - pages.backedPageCount
        return Double(pageCount * Page.byteCount) / Double(poolByteCount)
    }
}

extension SwapStore {
    /// The store's contents, and the events since it was made.
    public var statistics: StoreStatistics {
        func sum(_ event: StoreEvent) -> Int { events.sum(of: event.rawValue) }
        let usage = arena.usage
        return StoreStatistics(
            pages: directory.statistics,
            memory: StoreMemory(usage),
            poolByteCountMax: record.poolFrameCountMax * Page.byteCount,
            limitByteCount: control.withLock { $0.state.limit.frameCountMax } * Page.byteCount,
            arenaByteCountMax: usage.capacityFrameCount * Page.byteCount,
            poolLimitHits: sum(.poolLimitHit), rejectReclaimFail: sum(.rejectReclaimFail),
            rejectAllocFail: sum(.rejectAllocFail), rejectTableFail: sum(.rejectTableFail),
            compressFail: sum(.compressFail), decompressFail: sum(.decompressFail),
            checksumFail: sum(.checksumFail), rawPagesSince: sum(.rawPagesSince),
            failedReads: sum(.failedReads), failedWrites: sum(.failedWrites),
            discardedPages: sum(.discardedPages),
            compactedFrames: record.compactedFrameCount,
            writtenBackPages: sum(.writtenBackPages), backingLoads: sum(.backingLoads),
            backingLoadFail: sum(.backingLoadFail), backingStoreFail: sum(.backingStoreFail),
            migratedPages: sum(.migratedPage),
            scrubbedPages: Int(clamping: record[.scrubbedPageCount]),
            scrubErrors: Int(clamping: record[.damagedPageCount]))
    }

    /// Frames of all pools. One relaxed load.
    public var poolFrameCount: Int { arena.poolFrameCount }

    /// Pages were refused at the limit, and it is not yet clear again.
    package var standsAtLimit: Bool { roomRequests.pools.isAsked }

    /// Frames of all pools that compaction would free now.
    public var freeablePageCount: Int {
        control.withLock { $0.pools }.reduce(0) { $0 + ($1?.freeablePageCount ?? 0) }
    }

    /// Gives memory back that has stayed free, at once. See ``Arena/giveBack()``.
    public func giveBack() { arena.giveBack() }
}
