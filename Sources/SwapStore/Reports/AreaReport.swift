public import ZswapCore

/// A snapshot of an area, for display: unlike an ``Area``, valid after the area is removed.
public struct AreaReport: Equatable, Sendable {
    /// Its name; the last one if it was unlinked.
    public let name: ByteText
    /// Its place in the directory, for as long as it lives.
    public let slot: Int
    /// Whether it still has its name.
    public let isLinked: Bool
    /// The attributes that `stat` shows.
    public let attributes: AreaAttributes
    /// Its pages and bytes now.
    public let statistics: AreaStatistics
    /// Its pages read, written, discarded and refused.
    public let traffic: AreaTraffic
    /// Its own limit, of `storedByteCount`.
    public let byteCountMax: UInt64?

    init(_ name: ByteText, isLinked: Bool = true, _ area: Area) {
        self.name = name
        slot = area.slot
        self.isLinked = isLinked
        attributes = area.attributes
        statistics = area.statistics
        traffic = area.traffic
        byteCountMax = area.record.byteCountMax
    }
}
