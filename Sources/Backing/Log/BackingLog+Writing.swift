import Arena
import Synchronization
public import ZswapCore

/// Appending and flushing: one thread at a time. Two at once trap.
extension BackingLog {
    /// Puts a record of 1 to 4096 bytes behind the others of the open segment, in memory. Opens a
    /// segment when none is open; the last ``reservedSegmentCount`` free ones only for cleaning.
    public func append(
        _ payload: RawSpan, owner: ObjectOwner, isCleaning: Bool
    ) -> Placement {
        enter()
        defer { leave() }
        guard let number = openSegment ?? openNext(isCleaning: isCleaning) else {
            return .deviceFull
        }
        let header = RecordHeader(owner: owner, payloadByteCount: payload.byteCount)
        let end = filledEnd + header.recordByteCount
        guard end <= Self.segmentByteCount else {
            // There is something to flush: a flush leaves more room than this, or closes.
            assert(filledEnd > writtenEnd)
            return .bufferFull
        }
        let location = location(inSegment: number, at: filledEnd)
        let payloadStart = filledEnd + RecordHeader.byteCount
        let payloadEnd = payloadStart + payload.byteCount
        header.write(
            to: picture.part(filledEnd..<payloadStart), at: location,
            salt: salt(ofLife: segments[number].life))
        payload.withUnsafeBytes {
            picture.part(payloadStart..<payloadEnd).copyMemory(from: $0)
        }
        picture.clear(payloadEnd..<end)
        filledEnd = end
        segments.add(byteCount: header.recordByteCount, to: number)
        return .at(location)
    }

    private func openNext(isCleaning: Bool) -> Int? {
        let number = segments.openFree(sparing: isCleaning ? 0 : Self.reservedSegmentCount)
        guard let number else { return nil }
        openSegment = number
        writtenEnd = 0
        filledEnd = 0
        return number
    }

    /// Writes what was appended since the last flush, in one request of whole blocks. Then it can
    /// be read. Nothing appended: no request.
    ///
    /// On an error none of these records can be read. The caller frees each of them like a written
    /// one; their room comes back with the segment.
    public func flush() throws(BackingError) {
        enter()
        defer { leave() }
        guard let number = openSegment, filledEnd > writtenEnd else { return }
        let block = BackingBlock.byteCount
        let start = writtenEnd
        let end = (filledEnd + block - 1) / block * block
        picture.clear(filledEnd..<end)
        // Also after a failed write the next record begins behind.
        writtenEnd = end
        filledEnd = end
        defer {
            if Self.segmentByteCount - end < Self.tailByteCountMin {
                openSegment = nil
                segments.close(number)
            }
        }
        let offset = UInt64(number) * UInt64(Self.segmentByteCount) + UInt64(start)
        try device.write(picture.readable(start..<end), at: offset)
        writeCount.wrappingAdd(1, ordering: .relaxed)
        writtenByteCount.wrappingAdd(UInt64(end - start), ordering: .relaxed)
    }

    /// Bytes that the next flush has to write, without the padding of its end.
    public var unwrittenByteCount: Int { filledEnd - writtenEnd }

    private func enter() {
        let isTaken = isWriting.exchange(true, ordering: .acquiring)
        invariant(!isTaken, "two threads write to one log at once")
    }

    private func leave() { isWriting.store(false, ordering: .releasing) }
}
