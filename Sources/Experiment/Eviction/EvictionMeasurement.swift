/// One order on one driver at one limit.
public struct EvictionMeasurement: Encodable, Sendable {
    /// The driver.
    public let zpool: String
    /// The limit, in percent of the frames that the run needs at its peak.
    public let limitPercent: Int
    /// The limit in frames.
    public let limitFrameCount: Int
    /// The order in which pages are evicted.
    public let order: EvictionOrder
    /// Loads of pages that were stored, evicted or not.
    public let loadCount: Int
    /// Pages that were evicted, as often as they were.
    public let evictedPageCount: Int
    /// Their bytes, compressed as they were.
    public let evictedByteCount: Int
    /// Loads that met an evicted page.
    public let lostLoadCount: Int
    /// Evicted pages that were loaded at least once before they were stored anew or discarded.
    public let lostPageCount: Int
    /// Frames that the store came down by, all times it was over its limit together; those that
    /// compaction freed then are among them.
    public let freedFrameCount: Int

    /// Objects evicted for each frame that became free.
    public var evictedPerFrame: Double { Double(evictedPageCount) / Double(freedFrameCount) }

    private enum CodingKeys: String, CodingKey {
        case zpool, order
        case limitPercent = "limit_percent"
        case limitFrameCount = "limit_frames"
        case loadCount = "loads"
        case evictedPageCount = "evicted_pages"
        case evictedByteCount = "evicted_bytes"
        case lostLoadCount = "lost_loads"
        case lostPageCount = "lost_pages"
        case freedFrameCount = "freed_frames"
    }
}
