import ZswapCore

/// The unit of the drivers that share a frame out in chunks, zbud and z3fold: 64 bytes.
///
///     chunk 0        1 ..................................... 63
///     | header |               objects of whole chunks          |      64 chunks: 4096 bytes
enum Chunk {
    static let byteCount = 64
    static let byteShift = 6
    /// Chunks in a frame, the header's included.
    static let frameCount = Page.byteCount / byteCount
    /// Chunks for objects: all but the header.
    static let usableCount = frameCount - 1
    /// Largest object beside a header. It leaves at least one chunk, as in the kernel: 3968 bytes.
    static let objectCountMax = usableCount - 1
    static let objectByteCountMax = objectCountMax * byteCount

    /// Chunks that an object of `byteCount` bytes takes.
    @inline(__always)
    static func count(ofBytes byteCount: Int) -> Int {
        deepInvariant(byteCount > 0 && byteCount <= objectByteCountMax)
        return (byteCount + Self.byteCount - 1) >> byteShift
    }
}
