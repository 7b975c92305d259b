#if Deflate
import CDeflate
import Glibc
import ZswapCore

/// Deflate by libdeflate: as small as zstd within a tenth, and slower than zstd at each size. Raw,
/// without a header or checksum.
public struct DeflateCompressor: Compressor {
    /// The name it is chosen by.
    public var name: String { "deflate" }

    /// The library's own. From 10 on it looks for the best way to cut a page, and takes 9 MB.
    public var levels: CompressorLevels? { CompressorLevels(1...12, standard: 6) }

    /// Deflate as the library has it.
    public init() { _ = DeflateMemory.isTouched }

    /// A codec with 0.2 to 9 MiB, by level: the library is made for files.
    public func makeCodec(level: Int) throws(CompressorError) -> any Codec {
        try DeflateCodec(level: CInt(level))
    }
}

/// The library's two states.
///
/// The library counts a block's literals before it writes them and trusts the page to have stayed
/// the same; newer versions would write past what they were lent.
final class DeflateCodec: Codec {
    private let compressor: OpaquePointer
    private let decompressor: OpaquePointer

    init(level: CInt) throws(CompressorError) {
        guard let compressor = libdeflate_alloc_compressor(level) else { throw .outOfMemory }
        guard let decompressor = libdeflate_alloc_decompressor() else {
            libdeflate_free_compressor(compressor)
            throw .outOfMemory
        }
        self.compressor = compressor
        self.decompressor = decompressor
    }

    deinit {
        libdeflate_free_compressor(compressor)
        libdeflate_free_decompressor(decompressor)
    }

    var byteCount: Int {
        DeflateMemory.byteCount(compressor) + DeflateMemory.byteCount(decompressor)
    }

    func compress(_ page: RawSpan, into output: inout MutableRawSpan) -> CompressionResult {
        invariant(page.byteCount == Page.byteCount)
        let compressor = compressor
        let byteCount = page.withUnsafeBytes { source in
            output.withUnsafeMutableBytes { target in
                libdeflate_deflate_compress(
                    compressor, source.baseAddress, source.count, target.baseAddress,
                    target.count)
            }
        }
        return byteCount > 0 ? .compressed(byteCount: byteCount) : .tooLarge
    }

    func decompress(_ object: RawSpan, into page: inout MutableRawSpan) -> Bool {
        invariant(page.byteCount == Page.byteCount)
        invariant(object.byteCount <= Limits.storedByteCountMax)
        let decompressor = decompressor
        // Without a place for the length, the library takes nothing but a whole page for success.
        let result = object.withUnsafeBytes { source in
            page.withUnsafeMutableBytes { target in
                libdeflate_deflate_decompress(
                    decompressor, source.baseAddress, source.count, target.baseAddress,
                    target.count, nil)
            }
        }
        return result == LIBDEFLATE_SUCCESS
    }
}

/// Memory of the library's states: written once when it is made, as all scratch is, so that no
/// frame of it is missing while a page is served. The library does not place its state in memory of
/// the caller, but allocates all it needs in one call of an allocator that can be set.
///
/// Law: plain `free` frees the memory, so other users of the library in this process may keep
/// states that were allocated before or after.
private enum DeflateMemory {
    /// Sets the allocator, once, at the first use.
    static let isTouched: Bool = {
        libdeflate_set_memory_allocator(
            { byteCount in
                var memory: UnsafeMutableRawPointer?
                guard posix_memalign(&memory, Page.byteCount, byteCount) == 0, let memory else {
                    return nil
                }
                return memset(memory, 0, byteCount)
            }, { free($0) })
        return true
    }()

    /// Bytes behind a state. It lies in the first frame of its memory, a few bytes behind the
    /// start.
    static func byteCount(_ state: OpaquePointer) -> Int {
        let start = UInt(bitPattern: state) & ~UInt(Page.byteCount - 1)
        return malloc_usable_size(UnsafeMutableRawPointer(bitPattern: start))
    }
}
#endif
