import Arena
import ZswapCore

/// A run's descriptor, as the driver that holds the run lays it out. It lies in the arena next to
/// those of other drivers, whose bytes mean other things.
///
///     RecordField<RunLinks>(at: 0)   RecordField<UInt32>(at: 8)   ...   32 bytes at most
///     |<-------- 8 bytes -------->|  |<------ 4 bytes ------>|
///
/// Law: ``Arena/RecordField``'s; `RecordLayout.check` traps when a driver makes a pool of fields
/// that break it.
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
