/// One driver and compressor on one set of pages. Times are medians.
public struct PoolMeasurement: Codable, Sendable {
    /// The source of the pages, in words.
    public let pages: String
    /// Number of pages measured.
    public let pageCount: Int
    /// Number of pages in the source.
    public let wholePageCount: Int
    /// Number of measured pages that hold zeros only; they take no memory of the pool.
    public let zeroPageCount: Int
    /// The driver.
    public let zpool: String
    /// The compressor.
    public let compressor: String
    /// Bytes of the pool, fragmentation included.
    public let poolByteCount: Int
    /// Bytes of all objects, incompressible pages in full.
    public let objectByteCount: Int
    /// Original bytes by pool bytes, of all pages: a sample is taken for them.
    public let ratio: Double
    /// The same of the pages that are not zeros.
    public let contentRatio: Double
    /// Nanoseconds to store a page.
    public let store: Double
    /// Nanoseconds to load a page.
    public let load: Double
    /// Nanoseconds that the bare codec takes to compress a page.
    public let bareStore: Double
    /// Nanoseconds that the bare codec takes to decompress a page.
    public let bareLoad: Double
    /// The rate of stores by the bare codec's.
    public let storeShare: Double
    /// The rate of loads by the bare codec's.
    public let loadShare: Double
    /// The rates of several threads together, as multiples of one thread's rate.
    public let threads: [Speedup]
    /// Of single stores, the clock's own time included.
    public let storeLatencies: LatencySummary
    /// Of single loads, the clock's own time included.
    public let loadLatencies: LatencySummary

    /// The gain of several threads, as a multiple of one thread's rate.
    public struct Speedup: Codable, Sendable {
        /// The threads.
        public let count: Int
        /// At storing.
        public let store: Double
        /// At loading.
        public let load: Double
        /// The bare codec's gain at the same: what this machine gives.
        public let bare: Double
    }

    private enum CodingKeys: String, CodingKey {
        case pages, zpool, compressor, ratio, threads
        case pageCount = "page_count"
        case wholePageCount = "whole_page_count"
        case zeroPageCount = "zero_pages"
        case contentRatio = "ratio_without_zeros"
        case poolByteCount = "pool_bytes"
        case objectByteCount = "object_bytes"
        case store = "store_ns"
        case load = "load_ns"
        case bareStore = "bare_store_ns"
        case bareLoad = "bare_load_ns"
        case storeShare = "store_rate_by_bare"
        case loadShare = "load_rate_by_bare"
        case storeLatencies = "store_latency_ns"
        case loadLatencies = "load_latency_ns"
    }
}
