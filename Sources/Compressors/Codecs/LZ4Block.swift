import CLZ4
import ZswapCore

/// Reading what ``LZ4Compressor`` and ``LZ4HCCompressor`` write: a raw block without a frame. An
/// entry of the page table knows its length.
enum LZ4Block {
    /// True only when exactly a page came out. No state, no allocation. O(page).
    static func decompress(_ object: RawSpan, into page: inout MutableRawSpan) -> Bool {
        invariant(page.byteCount == Page.byteCount)
        invariant(object.byteCount <= Limits.storedByteCountMax)
        // The one decoder of the library that bounds reads and writes both, by lengths it is told
        // here and not by what the input says.
        let byteCount = object.withUnsafeBytes { source in
            page.withUnsafeMutableBytes { target in
                LZ4_decompress_safe(
                    source.baseAddress, target.baseAddress, CInt(source.count), CInt(target.count))
            }
        }
        return byteCount == Page.byteCount
    }
}
