import SwapStore
import ZswapCore

/// A number of the whole store: one file in `stats`, one metric, one value.
struct StatisticsCounter: Sendable {
    enum Kind: String { case counter, gauge, histogram }

    /// Name of the file: the kernel's, where the kernel has one.
    let name: String
    /// Name in the Prometheus text format, without the prefix.
    let metric: String
    let kind: Kind
    let unit: String
    /// The meaning of the count and the event that raises it, in one line.
    let summary: String
    let value: @Sendable (StoreStatistics) -> Int

    static let all: [StatisticsCounter] = held + refused + handled + writtenBack

    /// Gauges of the store's present contents.
    private static let held: [StatisticsCounter] = [
        gauge("stored_pages", "stored_pages", "pages", "Pages that are not holes, of every kind.") {
            $0.pages.storedPageCount
        },
        gauge(
            "same_filled_pages", "same_filled_pages", "pages",
            "Of the stored pages, those kept as one repeated word."
        ) { $0.pages.sameFilledPageCount },
        gauge(
            "stored_incompressible_pages", "incompressible_pages", "pages",
            "Of the stored pages, those in memory as they are, since compressing gained nothing."
        ) { $0.pages.rawPageCount },
        gauge(
            "backing_pages", "backing_pages", "pages",
            "Of the stored pages, those on the backing store."
        ) { $0.pages.backedPageCount },
        gauge(
            "stored_size", "stored_bytes", "bytes",
            "Lengths of all objects in memory: compressed pages, and 4096 for each incompressible"
                + " one."
        ) { $0.pages.storedByteCount },
        gauge(
            "pool_total_size", "pool_bytes", "bytes",
            "Frames of all pools, fragmentation included: what the limit is compared with."
        ) { $0.poolByteCount },
        gauge(
            "pool_total_size_max", "pool_max_bytes", "bytes", "The most that the pools ever took."
        ) { $0.poolByteCountMax },
        gauge(
            "pool_limit_size", "pool_limit_bytes", "bytes",
            "Where the pools stop: the smallest of `params/max_pool_percent` of the machine's"
                + " memory, `params/max_pool_bytes`, and what the memory groups of the daemon"
                + " leave it."
        ) { $0.limitByteCount },
        gauge(
            "arena_limit_size", "arena_limit_bytes", "bytes",
            "The most memory that the store may take: `-o arena=`, else all of the machine's."
        ) { $0.arenaByteCountMax },
        gauge(
            "metadata_size", "metadata_bytes", "bytes",
            "Page tables, area directory, counters and the arena's own bookkeeping."
        ) { $0.memory.metadata },
        gauge(
            "reserved_size", "reserved_bytes", "bytes",
            "Memory taken from the kernel ahead of demand and not yet in use."
        ) { $0.memory.reserve },
    ]

    /// Pages that were not taken. A refused page counts in one of the `reject_` counters.
    private static let refused: [StatisticsCounter] = [
        counter("pool_limit_hit", "pool_limit_hits", "Pages that found the pools at their limit.") {
            $0.poolLimitHits
        },
        counter(
            "reject_reclaim_fail", "reject_reclaim_fail",
            "Pages refused at the limit, or above the accept line after it: no room could be made."
        ) { $0.rejectReclaimFail },
        counter(
            "reject_alloc_fail", "reject_alloc_fail",
            "Pages refused because no memory was left for an object."
        ) { $0.rejectAllocFail },
        counter(
            "reject_kmemcache_fail", "reject_table_fail",
            "Pages refused because no memory was left for the page table."
        ) { $0.rejectTableFail },
        // zswap's scripts look for these two; the store keeps both kinds of pages, so they stay 0.
        counter(
            "reject_compress_poor", "reject_compress_poor",
            "Always 0: a page that does not shrink is kept as it is, and counts in"
                + " `stored_incompressible_pages`."
        ) { _ in 0 },
        counter(
            "reject_compress_fail", "reject_compress_fail",
            "Always 0: a page whose compressor failed is kept as it is, and counts in"
                + " `compress_fail`."
        ) { _ in 0 },
        counter(
            "failed_writes", "failed_writes",
            "Write requests that were refused, wholly or from some page on."
        ) { $0.failedWrites },
    ]

    /// Counters of operations and of their failures.
    private static let handled: [StatisticsCounter] = [
        counter(
            "compress_fail", "compress_fail",
            "Pages whose compressor failed; they are kept as they are."
        ) { $0.compressFail },
        counter(
            "decompress_fail", "decompress_fail",
            "Loads of a page whose object does not decompress: an I/O error."
        ) { $0.decompressFail },
        counter(
            "checksum_fail", "checksum_fail",
            "Loads of a page that is not the one that was stored: an I/O error."
        ) { $0.checksumFail },
        counter("failed_reads", "failed_reads", "Read requests that ended in an I/O error.") {
            $0.failedReads
        },
        counter(
            "incompressible_pages_since", "incompressible_pages_since",
            "Pages ever kept as they are."
        ) { $0.rawPagesSince },
        counter(
            "discarded_pages", "discarded_pages",
            "Stored pages that a discard, a truncation or a removal emptied."
        ) { $0.discardedPages },
        counter(
            "pages_compacted", "compacted_pages", "Frames that compaction freed."
        ) { $0.compactedFrames },
        counter(
            "pages_migrated", "migrated_pages",
            "Stored pages that were moved to another pool, or compressed anew."
        ) { $0.migratedPages },
        counter(
            "scrubbed", "scrubbed_pages",
            "Stored pages that the scrubber verified: they are as they were stored."
        ) { $0.scrubbedPages },
        counter(
            "scrub_errors", "scrub_errors",
            "Stored pages that the scrubber found damaged: reading one is an I/O error until it is"
                + " written again."
        ) { $0.scrubErrors },
    ]

    /// Counters of pages that went to the backing store and came from it.
    private static let writtenBack: [StatisticsCounter] = [
        counter(
            "written_back_pages", "written_back_pages", "Pages that left for the backing store."
        ) { $0.writtenBackPages },
        counter(
            "backing_loads", "backing_loads", "Loads of a page that is on the backing store."
        ) { $0.backingLoads },
        counter(
            "backing_load_fail", "backing_load_fail",
            "Loads that the backing store did not answer: an I/O error."
        ) { $0.backingLoadFail },
        counter(
            "backing_store_fail", "backing_store_fail",
            "Pages that stayed in memory because writing them to the backing store failed."
        ) { $0.backingStoreFail },
    ]

    private static func gauge(
        _ name: String, _ metric: String, _ unit: String, _ summary: String,
        _ value: @escaping @Sendable (StoreStatistics) -> Int
    ) -> StatisticsCounter {
        StatisticsCounter(
            name: name, metric: metric, kind: .gauge, unit: unit, summary: summary, value: value)
    }

    private static func counter(
        _ name: String, _ metric: String, _ summary: String,
        _ value: @escaping @Sendable (StoreStatistics) -> Int
    ) -> StatisticsCounter {
        StatisticsCounter(
            name: name, metric: metric + "_total", kind: .counter, unit: "events",
            summary: summary, value: value)
    }
}
