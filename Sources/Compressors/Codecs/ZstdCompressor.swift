#if Zstd
import CZstd
import ZswapCore

/// Zstandard: packs a page by a third smaller than LZ4, and takes several times as long.
public struct ZstdCompressor: Compressor {
    /// The name it is chosen by.
    public var name: String { "zstd" }

    /// The library's own, but for the lowest: already at -7 it packs no better than LZ4 and is
    /// slower. 3 is the kernel's default, too.
    public var levels: CompressorLevels? {
        CompressorLevels(-7...Int(ZSTD_maxCLevel()), standard: Int(ZSTD_defaultCLevel()))
    }

    /// Zstandard as the library has it.
    public init() {}

    /// A codec with 72 to 270 KiB to compress, by level, and 98 KiB to decompress.
    public func makeCodec(level: Int) throws(CompressorError) -> any Codec {
        try ZstdCodec(level: CInt(level))
    }
}

/// A context each way, in memory of our own, so that the library allocates nothing.
///
/// Parameters are those of a source of 4096 bytes. A page is one frame without what the page table
/// knows: no magic number, no content size, no checksum; 5 bytes in front of the content are left.
final class ZstdCodec: Codec {
    private let compressMemory: ScratchMemory
    private let decompressMemory: ScratchMemory
    private let compressor: OpaquePointer
    private let decompressor: OpaquePointer

    init(level: CInt) throws(CompressorError) {
        let parameters = ZSTD_getCParams(level, UInt64(Page.byteCount), 0)
        compressMemory = try ScratchMemory(
            byteCount: ZSTD_estimateCCtxSize_usingCParams(parameters))
        decompressMemory = try ScratchMemory(byteCount: ZSTD_estimateDCtxSize())
        guard
            let compressor = ZSTD_initStaticCCtx(compressMemory.base, compressMemory.byteCount),
            let decompressor = ZSTD_initStaticDCtx(
                decompressMemory.base, decompressMemory.byteCount)
        else { throw .outOfMemory }
        self.compressor = compressor
        self.decompressor = decompressor
        let magicless = CInt(ZSTD_f_zstd1_magicless.rawValue)
        let settings = [
            ZSTD_CCtx_setParameter(compressor, ZSTD_c_compressionLevel, level),
            ZSTD_CCtx_setParameter(compressor, ZSTD_c_contentSizeFlag, 0),
            ZSTD_CCtx_setParameter(compressor, ZSTD_c_checksumFlag, 0),
            ZSTD_CCtx_setParameter(compressor, czstd_compress_format, magicless),
            ZSTD_DCtx_setParameter(decompressor, czstd_decompress_format, magicless),
        ]
        invariant(settings.allSatisfy { ZSTD_isError($0) == 0 }, "libzstd lacks a parameter")
        try tryMemory()
    }

    var byteCount: Int { compressMemory.byteCount + decompressMemory.byteCount }

    /// Whether the library gets by with what it said it needs: it lays out its memory anew for each
    /// page, the same each time.
    private func tryMemory() throws(CompressorError) {
        let page = try ScratchMemory(byteCount: Page.byteCount)
        let output = try ScratchMemory(byteCount: Page.byteCount)
        let result = ZSTD_compress2(
            compressor, output.base, output.byteCount, page.base, page.byteCount)
        guard ZSTD_isError(result) == 0 else { throw .outOfMemory }
    }

    func compress(_ page: RawSpan, into output: inout MutableRawSpan) -> CompressionResult {
        invariant(page.byteCount == Page.byteCount)
        let compressor = compressor
        let result = page.withUnsafeBytes { source in
            output.withUnsafeMutableBytes { target in
                ZSTD_compress2(
                    compressor, target.baseAddress, target.count, source.baseAddress, source.count)
            }
        }
        guard ZSTD_isError(result) == 0 else {
            return ZSTD_getErrorCode(result) == ZSTD_error_dstSize_tooSmall ? .tooLarge : .failed
        }
        return .compressed(byteCount: result)
    }

    func decompress(_ object: RawSpan, into page: inout MutableRawSpan) -> Bool {
        invariant(page.byteCount == Page.byteCount)
        invariant(object.byteCount <= Limits.storedByteCountMax)
        let decompressor = decompressor
        // An error is a number far above any size.
        let byteCount = object.withUnsafeBytes { source in
            page.withUnsafeMutableBytes { target in
                ZSTD_decompressDCtx(
                    decompressor, target.baseAddress, target.count, source.baseAddress,
                    source.count)
            }
        }
        return byteCount == Page.byteCount
    }
}
#endif
