#if LZO
import CLZO
import ZswapCore

/// LZO1X-1, what zram and zswap took for years: as fast as LZ4 to compress, slower to read, and a
/// tenth smaller.
///
/// No levels: LZO1X-999 has some, but takes several times as long as zstd and packs less.
public struct LZOCompressor: Compressor {
    /// The name it is chosen by.
    public var name: String { "lzo" }

    /// LZO as the library has it. Traps when the library was built for other types than its header
    /// says.
    public init() { invariant(clzo_init() == LZO_E_OK, "liblzo2 does not fit its header") }

    /// A codec with the 128 KiB that the library asks for, and room for a page that grows.
    public func makeCodec(level: Int) throws(CompressorError) -> any Codec { try LZOCodec() }
}

/// LZO's dictionary, room for its output, and the two calls.
///
/// The library can't be told a limit, so what it writes goes to memory that holds the worst case,
/// and what fits is copied. It clears the part of the dictionary that it uses, 32 KiB, for each
/// page.
final class LZOCodec: Codec {
    /// The worst case by the library's documentation.
    private static let outputByteCountMax = Page.byteCount + Page.byteCount / 16 + 64 + 3

    private let state: ScratchMemory
    private let room: ScratchMemory

    init() throws(CompressorError) {
        state = try ScratchMemory(byteCount: clzo_state_byte_count)
        room = try ScratchMemory(byteCount: Self.outputByteCountMax)
    }

    var byteCount: Int { state.byteCount + room.byteCount }

    func compress(_ page: RawSpan, into output: inout MutableRawSpan) -> CompressionResult {
        invariant(page.byteCount == Page.byteCount)
        let (base, room) = (state.base, room.base)
        var count: lzo_uint = 0
        let status = page.withUnsafeBytes { source in
            lzo1x_1_compress(
                source.baseAddress?.assumingMemoryBound(to: UInt8.self), lzo_uint(source.count),
                room.assumingMemoryBound(to: UInt8.self), &count, base)
        }
        let byteCount = Int(count)
        invariant(byteCount <= Self.outputByteCountMax)
        guard status == LZO_E_OK else { return .failed }
        guard byteCount <= output.byteCount else { return .tooLarge }
        output.withUnsafeMutableBytes {
            $0.baseAddress?.copyMemory(from: room, byteCount: byteCount)
        }
        return .compressed(byteCount: byteCount)
    }

    func decompress(_ object: RawSpan, into page: inout MutableRawSpan) -> Bool {
        invariant(page.byteCount == Page.byteCount)
        invariant(object.byteCount <= Limits.storedByteCountMax)
        var count = lzo_uint(Page.byteCount)
        // The decoder that checks every read, write and distance.
        let status = object.withUnsafeBytes { source in
            page.withUnsafeMutableBytes { target in
                lzo1x_decompress_safe(
                    source.baseAddress?.assumingMemoryBound(to: UInt8.self), lzo_uint(source.count),
                    target.baseAddress?.assumingMemoryBound(to: UInt8.self), &count, nil)
            }
        }
        return status == LZO_E_OK && count == lzo_uint(Page.byteCount)
    }
}
#endif
