import ZswapCore

/// A piece of memory for direct I/O with one owner, freed with it.
///
/// Law: aligned to a block. Written once when made, so that no request faults it in.
struct BlockMemory: ~Copyable {
    let bytes: UnsafeMutableRawBufferPointer

    /// Zeros. Traps when there is no memory: this happens before anything depends on it.
    init(byteCount: Int) {
        precondition(byteCount > 0 && byteCount.isMultiple(of: BackingBlock.byteCount))
        bytes = .allocate(byteCount: byteCount, alignment: BackingBlock.byteCount)
        bytes.initializeMemory(as: UInt8.self, repeating: 0)
    }

    deinit { bytes.deallocate() }

    /// Some of it.
    func part(_ range: Range<Int>) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: bytes[range])
    }

    /// Some of it, for reading.
    func readable(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(part(range))
    }

    /// Sets a range to zero.
    func clear(_ range: Range<Int>) {
        part(range).initializeMemory(as: UInt8.self, repeating: 0)
    }
}
