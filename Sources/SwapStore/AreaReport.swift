public import ZswapCore

/// An area at one moment, for whoever shows areas: unlike an ``Area``, good after the area is gone.
public struct AreaReport: Equatable, Sendable {
    /// Its name.
    public let name: ByteText
    /// What `stat` shows.
    public let attributes: AreaAttributes
    /// What it holds.
    public let statistics: AreaStatistics
    /// What was done to it.
    public let traffic: AreaTraffic
    /// Its own limit, of `storedByteCount`.
    public let byteCountMax: UInt64?

    init(_ name: ByteText, _ area: Area) {
        self.name = name
        attributes = area.attributes
        statistics = area.statistics
        traffic = area.traffic
        byteCountMax = area.record.byteCountMax
    }
}
