public import ZswapCore

/// A value's place in a record of memory that outlives the process: a descriptor, an area's record,
/// the superblock. Declared once, with its type and its first byte.
///
///     RecordField<UInt64>(at: 0)     RecordField<UInt32>(at: 8)   RecordCells(at: 16, ...)
///     |<-------- 8 bytes -------->|  |<------ 4 bytes ------>|    | cell | cell | ... |
///
/// Law: fields are aligned, end within the record and share no byte. Exception: a field declared
/// `over` another one; a record has one or the other. ``RecordLayout`` checks this.
/// Price: none; a field is a constant.
public struct RecordField<Value: ~Copyable>: Sendable {
    /// Its first byte, from the record's.
    public let offset: Int

    /// A field that begins at this byte of the record.
    @inlinable @inline(__always)
    public init(at offset: Int) { self.offset = offset }

    /// In the place of another field, which the same record never has at the same time.
    @inlinable @inline(__always)
    public init<Other: ~Copyable>(over other: RecordField<Other>) {
        deepInvariant(MemoryLayout<Value>.size <= MemoryLayout<Other>.size)
        deepInvariant(other.offset % MemoryLayout<Value>.alignment == 0)
        offset = other.offset
    }

    /// The bytes it takes.
    public var span: RecordLayout.Span {
        RecordLayout.Span(
            bytes: offset..<offset + MemoryLayout<Value>.size,
            alignment: MemoryLayout<Value>.alignment)
    }
}

/// Cells of equal size in a record, one behind the other: texts, times, numbers of runs. One cell
/// for what is no plain value.
///
/// Law and price: as of a ``RecordField``; finding a cell costs a check of its number.
public struct RecordCells: Sendable {
    /// The first byte of the first cell.
    public let start: Int
    /// Bytes in a cell.
    public let byteCount: Int
    /// Number of cells.
    public let count: Int
    /// The alignment of the first cell, in bytes; that of every cell if it divides `byteCount`.
    public let alignment: Int

    /// `count` cells, from this byte of the record on.
    @inlinable @inline(__always)
    public init(at start: Int, byteCount: Int, count: Int = 1, alignment: Int = 8) {
        self.start = start
        self.byteCount = byteCount
        self.count = count
        self.alignment = alignment
    }

    /// The place of a cell, from the record's first byte.
    @inlinable @inline(__always)
    public func offset(of number: Int) -> Int {
        invariant(number >= 0 && number < count, "a cell that the record does not have")
        return start + number * byteCount
    }

    /// The byte behind the last cell.
    public var end: Int { start + count * byteCount }

    /// The bytes that all cells take.
    public var span: RecordLayout.Span {
        RecordLayout.Span(bytes: start..<end, alignment: alignment)
    }
}

/// All fields of a record, for checking.
public struct RecordLayout: Sendable {
    /// The bytes of one field.
    public struct Span: Equatable, Sendable {
        /// From the record's first byte.
        public let bytes: Range<Int>
        /// Alignment of the first byte, in bytes.
        public let alignment: Int
    }

    /// Bytes in a record.
    public let byteCount: Int
    /// The spans of all fields and cells, except fields that lie over others.
    public let spans: [Span]

    /// A record of these fields.
    public init(byteCount: Int, spans: [Span]) {
        self.byteCount = byteCount
        self.spans = spans
    }

    /// Whether the fields keep the law of ``RecordField``.
    public var isSound: Bool {
        let sorted = spans.sorted { $0.bytes.lowerBound < $1.bytes.lowerBound }
        var end = 0
        for span in sorted {
            guard span.bytes.lowerBound >= end else { return false }
            guard span.bytes.lowerBound % span.alignment == 0 else { return false }
            end = span.bytes.upperBound
        }
        return end <= byteCount
    }

    /// Traps on a layout that is not sound.
    public func check() {
        invariant(!spans.isEmpty, "a record without a field")
        invariant(isSound, "fields of a record overlap, or it is too long")
    }
}
