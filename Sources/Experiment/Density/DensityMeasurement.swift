/// The density with which one driver keeps pages.
public struct DensityMeasurement: Codable, Sendable {
    /// The driver.
    public let zpool: String
    /// Pages in the store, same-filled ones included.
    public let pageCount: Int
    /// Bytes of all objects after filling, incompressible pages in full.
    public let payloadByteCount: Int
    /// Payload by bytes of the pools: after filling.
    public let new: Double
    /// At once after the last page was written over.
    public let writtenOver: Double
    /// Once the store has nothing left to compact.
    public let settled: Double
    /// Frames that compaction freed until then.
    public let compactedFrameCount: Int
    /// Page tables, descriptors and all else beside the pools and the 16 bytes of each page's
    /// entry, by payload.
    public let metadataShare: Double
    /// Loads, in nanoseconds, of a pool that is left alone.
    public let quietLoads: LatencySummary
    /// Stores of that pool.
    public let quietStores: LatencySummary
    /// Loads while the pool is compacted; nil when there was nothing to compact.
    public let busyLoads: LatencySummary?
    /// Stores while the pool is compacted.
    public let busyStores: LatencySummary?

    private enum CodingKeys: String, CodingKey {
        case zpool, new, settled
        case pageCount = "page_count"
        case payloadByteCount = "payload_bytes"
        case writtenOver = "written_over"
        case compactedFrameCount = "compacted_frames"
        case metadataShare = "metadata_by_payload"
        case quietLoads = "quiet_load_ns"
        case quietStores = "quiet_store_ns"
        case busyLoads = "compacting_load_ns"
        case busyStores = "compacting_store_ns"
    }
}
