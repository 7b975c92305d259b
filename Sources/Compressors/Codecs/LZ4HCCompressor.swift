import CLZ4
import ZswapCore

/// LZ4 that searches longer for matches: a tenth smaller than ``LZ4Compressor``, several times
/// slower to compress, and read as fast, since what it writes is the same kind of block.
public struct LZ4HCCompressor: Compressor {
    /// The name it is chosen by.
    public var name: String { "lz4hc" }

    /// The library's own below 10. From 10 on it allocates a table while it compresses, which the
    /// serving path must not do, and saves only some 4 bytes a page.
    public var levels: CompressorLevels? {
        CompressorLevels(1...Int(LZ4HC_CLEVEL_OPT_MIN) - 1, standard: Int(LZ4HC_CLEVEL_DEFAULT))
    }

    /// LZ4 HC as the library has it.
    public init() {}

    /// A codec with the state that the library asks for, 256 KiB.
    public func makeCodec(level: Int) throws(CompressorError) -> any Codec {
        try LZ4HCCodec(level: CInt(level))
    }
}

/// The state and the two calls.
///
/// Each page is a stream of its own. Beginning one leaves the state's tables as they are, but what
/// earlier pages left there lies further back than any match may: 64 KiB. Clearing all 256 KiB for
/// each page would take a third longer and give the same bytes.
final class LZ4HCCodec: Codec {
    private let level: CInt
    private let memory: ScratchMemory
    private let stream: UnsafeMutablePointer<LZ4_streamHC_t>

    init(level: CInt) throws(CompressorError) {
        self.level = level
        memory = try ScratchMemory(byteCount: Int(LZ4_sizeofStateHC()))
        guard let stream = LZ4_initStreamHC(memory.base, memory.byteCount) else {
            unreachable("the library does not take the memory it asked for")
        }
        self.stream = stream
    }

    var byteCount: Int { memory.byteCount }

    func compress(_ page: RawSpan, into output: inout MutableRawSpan) -> CompressionResult {
        invariant(page.byteCount == Page.byteCount)
        let stream = stream
        LZ4_resetStreamHC_fast(stream, level)
        let byteCount = page.withUnsafeBytes { source in
            output.withUnsafeMutableBytes { target in
                LZ4_compress_HC_continue(
                    stream, source.baseAddress, target.baseAddress, CInt(source.count),
                    CInt(target.count))
            }
        }
        // As in ``LZ4Codec``: 0 means that there was no room.
        return byteCount > 0 ? .compressed(byteCount: Int(byteCount)) : .tooLarge
    }

    func decompress(_ object: RawSpan, into page: inout MutableRawSpan) -> Bool {
        LZ4Block.decompress(object, into: &page)
    }
}
