import Synchronization
import ZswapCore

/// Questions that the writer asks often: O(1), except `isEmpty`.
extension BackingLog {
    /// Most bytes that a record takes besides its payload.
    public static let recordOverheadByteCountMax =
        RecordHeader.byteCount + BackingLocation.unitByteCount

    /// Whether a record that does not come from cleaning finds a segment.
    public var hasRoom: Bool { segments.freeSegmentCount > Self.reservedSegmentCount }

    /// `byteCount` rounded up to the end of the segment that a write of that length ends in.
    public func byteCountToSegmentEnd(atLeast byteCount: Int) -> Int {
        let room = Self.segmentByteCount - (openSegment == nil ? 0 : filledEnd)
        invariant(0...Self.segmentByteCount ~= room, "a segment is filled beyond its end")
        let beyond = max(byteCount - room, 0)
        let segmentCount = (beyond + Self.segmentByteCount - 1) / Self.segmentByteCount
        return room + segmentCount * Self.segmentByteCount
    }

    /// Bytes ever written.
    public var byteCountWritten: UInt64 { writtenByteCount.load(ordering: .relaxed) }

    /// Whether no record is left. O(segments) when it is so.
    public var isEmpty: Bool {
        (0..<segments.segmentCount).allSatisfy { segments[$0].recordCount == 0 }
    }
}
