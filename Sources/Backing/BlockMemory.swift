import Glibc
import ZswapCore

/// A piece of memory for direct I/O with one owner, freed with it.
///
/// Law: aligned to a block. Written once when made, so that no request faults it in.
struct BlockMemory: ~Copyable {
    let bytes: UnsafeMutableRawBufferPointer

    /// Zeros. Throws `noMemory`.
    init(byteCount: Int) throws(BackingError) {
        invariant(byteCount > 0 && byteCount.isMultiple(of: BackingBlock.byteCount))
        // Not Swift's own allocation, which ends the process where this one is refused.
        var memory: UnsafeMutableRawPointer?
        guard posix_memalign(&memory, BackingBlock.byteCount, byteCount) == 0, let memory else {
            throw .noMemory
        }
        memset(memory, 0, byteCount)
        bytes = UnsafeMutableRawBufferPointer(start: memory, count: byteCount)
    }

    deinit { free(bytes.baseAddress) }

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
