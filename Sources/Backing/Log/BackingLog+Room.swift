import Synchronization

/// What the writer asks often: O(1), except `isEmpty`.
extension BackingLog {
    /// Most bytes that a record takes besides its payload.
    public static let recordOverheadByteCountMax =
        RecordHeader.byteCount + BackingLocation.unitByteCount

    /// Whether a record that does not come from cleaning finds a segment.
    public var hasRoom: Bool { segments.freeSegmentCount > Self.reservedSegmentCount }

    /// Bytes that the writer can append before a segment is full.
    public var segmentRoomByteCount: Int {
        Self.segmentByteCount - (openSegment == nil ? 0 : filledEnd)
    }

    /// Bytes ever written.
    public var byteCountWritten: UInt64 { writtenByteCount.load(ordering: .relaxed) }

    /// Whether no record is left. O(segments) when it is so.
    public var isEmpty: Bool {
        (0..<segments.segmentCount).allSatisfy { segments[$0].recordCount == 0 }
    }
}
