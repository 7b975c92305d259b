import Arena
import Synchronization
public import ZswapCore

/// Cleaning, which is the writer's: what is live in a segment of mostly dead records is appended
/// again, so that the segment becomes free.
///
///     segmentToClean -> forEachRecord { live? append } -> flush -> entries changed -> free the old
extension BackingLog {
    /// The closed segment whose cleaning gains most: the one with the fewest live bytes, of those
    /// with at most three quarters. Each is named once in a round, so one that cannot be read does
    /// not keep the others from their turn; nil ends the round, or there is none.
    public func segmentToClean() -> Int? { segments.leastLive() }

    /// Whether it is time to clean: fewer than a sixteenth of all segments are free (or fewer than
    /// three), and there is one that is worth it. From any thread, in constant time.
    public var needsCleaning: Bool {
        let least = max(segments.segmentCount / 16, Self.reservedSegmentCount + 1)
        return segments.freeSegmentCount < least && segments.worthySegmentCount > 0
    }

    /// Reads a closed segment into memory of the log's own, in one request, and hands out each
    /// record that is found in it, live or not, in order. The caller knows the live ones by their
    /// entries: those that name this very location. The body may append and flush.
    ///
    /// Bytes that are no record are skipped up to the next block. Whatever is on the device,
    /// nothing is read out of bounds.
    public func forEachRecord(
        inSegment number: Int, _ body: (ObjectOwner, BackingLocation, RawSpan) -> Void
    ) throws(BackingError) {
        let isTaken = isCleaning.exchange(true, ordering: .acquiring)
        invariant(!isTaken, "two segments are cleaned at once")
        defer { isCleaning.store(false, ordering: .releasing) }
        let word = segments[number]
        invariant(!word.isOpen, "an open segment is not to be cleaned")
        segments.setTried(number)
        let offset = UInt64(number) * UInt64(Self.segmentByteCount)
        try device.read(into: cleaned.part(0..<Self.segmentByteCount), at: offset)
        countRead(Self.segmentByteCount)
        let salt = salt(ofLife: word.life)
        var start = 0
        while start + RecordHeader.byteCount < Self.segmentByteCount {
            let payloadStart = start + RecordHeader.byteCount
            let location = location(inSegment: number, at: start)
            let header = RecordHeader(
                parsing: cleaned.readable(start..<payloadStart), at: location, salt: salt)
            guard let header, start + header.recordByteCount <= Self.segmentByteCount else {
                start = (start / BackingBlock.byteCount + 1) * BackingBlock.byteCount
                continue
            }
            let payload = cleaned.readable(payloadStart..<payloadStart + header.payloadByteCount)
            body(header.owner, location, RawSpan(_unsafeBytes: payload))
            start += header.recordByteCount
        }
    }
}
