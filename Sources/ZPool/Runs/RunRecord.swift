import Arena
import ZswapCore

/// A run's descriptor, as the driver that holds the run lays it out. It lies in the arena next to
/// those of other drivers, whose bytes mean other things.
///
///     RecordField<RunLinks>(at: 0)   RecordField<UInt32>(at: 8)   ...   32 bytes at most
///     |<-------- 8 bytes -------->|  |<------ 4 bytes ------>|
///
/// Law: a field is declared once, with its type and its first byte. Fields are aligned, end within
/// the record and share no byte, but those declared `over` another one, of which a run has one or
/// the other; `RecordLayout.check` traps when a driver makes a pool of fields that break this.
/// Price: none; a field is a constant, and reading one is a load.
struct RunRecord {
    // A raw address: the memory serves other types at other times.
    let address: UnsafeMutableRawPointer

    @inline(__always)
    init(_ run: RunNumber, in map: RunMap) {
        address = map.address(of: map.descriptor(of: run))
    }

    subscript<Value: BitwiseCopyable>(field: RecordField<Value>) -> Value {
        @inline(__always) get { address.load(fromByteOffset: field.offset, as: Value.self) }
        @inline(__always) nonmutating set {
            address.storeBytes(of: newValue, toByteOffset: field.offset, as: Value.self)
        }
    }

    /// The field's address: for links, and for words that threads share.
    @inline(__always)
    func pointer<Value: ~Copyable>(to field: RecordField<Value>) -> UnsafeMutablePointer<Value> {
        (address + field.offset).assumingMemoryBound(to: Value.self)
    }

    /// Makes all of it 0, whatever the memory held.
    @inline(__always)
    func clear() {
        address.initializeMemory(as: UInt8.self, repeating: 0, count: Arena.descriptorByteCount)
    }
}

/// A value's place in a record.
struct RecordField<Value: ~Copyable> {
    let offset: Int

    @inline(__always)
    init(at offset: Int) { self.offset = offset }

    /// In the place of another field, which the same record never has at the same time.
    @inline(__always)
    init<Other: ~Copyable>(over other: RecordField<Other>) {
        deepInvariant(MemoryLayout<Value>.size <= MemoryLayout<Other>.size)
        deepInvariant(other.offset % MemoryLayout<Value>.alignment == 0)
        offset = other.offset
    }

    /// The bytes it takes.
    var span: RecordLayout.Span {
        RecordLayout.Span(
            bytes: offset..<offset + MemoryLayout<Value>.size,
            alignment: MemoryLayout<Value>.alignment)
    }
}

/// All fields of a record, for checking.
struct RecordLayout {
    /// What one field takes.
    struct Span: Equatable {
        let bytes: Range<Int>
        let alignment: Int
    }

    let byteCount: Int
    let spans: [Span]

    /// Whether the fields keep the law of ``RunRecord``.
    var isSound: Bool {
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
    func check() {
        invariant(!spans.isEmpty, "a record without a field")
        invariant(isSound, "fields of a record overlap, or it is too long")
    }
}
