/// The bytes of an area that a request names. Offsets and lengths from outside are added here and
/// nowhere else.
///
///     offset, byteCount (any 64 bits) ──► ByteRange ──► pages, lengths, pieces
///
/// Invariant: start <= end <= `Limits.areaByteCountMax`. So both ends fit every integer of 64 bits,
/// and rounding them up to a page border overflows nothing.
public struct ByteRange: BitwiseCopyable, Equatable, Sendable {
    /// The first byte.
    public let start: UInt64
    /// The byte after the last one.
    public let end: UInt64

    private init(start: UInt64, end: UInt64) {
        self.start = start
        self.end = end
    }

    /// The whole range; nil when it reaches beyond the largest area.
    public init?(offset: UInt64, byteCount: UInt64) {
        guard offset <= Limits.areaByteCountMax, byteCount <= Limits.areaByteCountMax - offset
        else { return nil }
        self.init(start: offset, end: offset + byteCount)
    }

    /// The part of the range that lies in the largest area: empty, at its end, when the range
    /// starts beyond.
    public init(clamping offset: UInt64, byteCount: UInt64) {
        let start = min(offset, Limits.areaByteCountMax)
        self.init(start: start, end: start + min(byteCount, Limits.areaByteCountMax - start))
    }

    /// From this byte to the end of the largest area.
    public static func rest(from offset: UInt64) -> ByteRange {
        ByteRange(clamping: offset, byteCount: .max)
    }

    /// Number of bytes.
    public var byteCount: UInt64 { end - start }
    /// Whether there are none.
    public var isEmpty: Bool { start == end }

    /// The part before `size`, the end of a file.
    public func clipped(to size: UInt64) -> ByteRange {
        ByteRange(start: min(start, size), end: min(end, size))
    }

    /// Its first bytes, or all of it if it has fewer.
    public func prefix(_ byteCount: UInt64) -> ByteRange {
        ByteRange(start: start, end: start + min(byteCount, self.byteCount))
    }

    /// Positions in a buffer that holds the file from its start.
    public var indices: Range<Int> { Int(start)..<Int(end) }

    /// Number of pages that it touches.
    public var pageCount: Int {
        isEmpty ? 0 : Int((end - 1) >> UInt64(Page.shift) - start >> UInt64(Page.shift) + 1)
    }

    /// Its whole pages, and the parts of pages before and after them. Nil when it begins and ends
    /// inside one page.
    public var wholePages: (before: ByteRange, pages: Range<PageNumber>, after: ByteRange)? {
        let first = PageNumber(roundingUp: start)
        let end = PageNumber(holdingByte: end)
        guard first <= end else { return nil }
        return (
            ByteRange(start: start, end: first.byteOffset), first..<end,
            ByteRange(start: end.byteOffset, end: self.end)
        )
    }
}

extension PageNumber {
    /// The first page that starts at or after this byte, which is at most the end of the largest
    /// area.
    public init(roundingUp offset: UInt64) {
        self.init((offset + UInt64(Page.byteCount) - 1) >> UInt64(Page.shift))
    }
}
