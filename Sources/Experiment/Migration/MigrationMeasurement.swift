/// The cost of moving all pages: the time it takes, and the latency of loads meanwhile.
public struct MigrationMeasurement: Codable, Sendable {
    /// The place of the pages before the move.
    public let from: MigrationExperiment.Place
    /// The place of the pages after the move.
    public let to: MigrationExperiment.Place
    /// Number of pages.
    public let pageCount: Int
    /// Bytes of the pools before.
    public let poolByteCountBefore: Int
    /// Bytes of the pools after all pages have moved.
    public let poolByteCountAfter: Int
    /// Loads while the migrator rests, in nanoseconds.
    public let quietLoads: LatencySummary
    /// Loads while pages were moved in the background, in turns with the others.
    public let busyLoads: LatencySummary
    /// Time in which pages were moved in the background.
    public let backgroundSeconds: Double
    /// Time in which they were moved back at full speed, while no thread loads.
    public let fullSpeedSeconds: Double

    private enum CodingKeys: String, CodingKey {
        case from, to
        case pageCount = "page_count"
        case poolByteCountBefore = "pool_bytes_before"
        case poolByteCountAfter = "pool_bytes_after"
        case quietLoads = "quiet_load_ns"
        case busyLoads = "migrating_load_ns"
        case backgroundSeconds = "background_s"
        case fullSpeedSeconds = "full_speed_back_s"
    }

    /// The median load while pages move, by the median of the others.
    public var slowdown: Double { Double(busyLoads.p50) / Double(max(quietLoads.p50, 1)) }
}
