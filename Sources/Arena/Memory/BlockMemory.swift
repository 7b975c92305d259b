import ZswapCore

/// A piece of ordinary memory for direct I/O, in whole pages, with one owner and freed with it.
///
/// Law: aligned to a page. Written once when made, so that no request faults it in.
public struct BlockMemory: ~Copyable {
    /// All of it.
    public let bytes: UnsafeMutableRawBufferPointer

    /// Zeros. Throws `outOfMemory`.
    public init(byteCount: Int) throws(ArenaError) {
        invariant(byteCount > 0 && byteCount.isMultiple(of: Page.byteCount))
        guard
            let memory = RefusableMemory.allocate(byteCount: byteCount, alignment: Page.byteCount)
        else { throw .outOfMemory }
        bytes = memory
    }

    deinit { RefusableMemory.free(bytes) }

    /// Some of it.
    @inlinable public func part(_ range: Range<Int>) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: bytes[range])
    }

    /// A part of it, for reading.
    @inlinable public func readable(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(part(range))
    }

    /// Sets a range to zero.
    public func clear(_ range: Range<Int>) {
        part(range).initializeMemory(as: UInt8.self, repeating: 0)
    }
}
