/// The contents of a log, and its reads and writes, at one moment. Exact while no thread uses the
/// log.
public struct BackingStatistics: Equatable, Sendable {
    /// Bytes of whole segments: what the log uses of its device.
    public var capacityByteCount: UInt64 = 0
    /// Segments the device is cut into.
    public var segmentCount = 0
    /// Segments without a live record that can be filled again, the reserve included.
    public var freeSegmentCount = 0
    /// Records that were appended and not freed.
    public var liveRecordCount = 0
    /// Their bytes on the device, with headers and padding.
    public var liveByteCount: UInt64 = 0
    /// Bytes written, in whole blocks.
    public var writtenByteCount: UInt64 = 0
    /// Writes that succeeded.
    public var writeCount: UInt64 = 0
    /// Bytes read, in whole blocks: records, and segments to be cleaned.
    public var readByteCount: UInt64 = 0
    /// Reads that succeeded.
    public var readCount: UInt64 = 0
}
