import CLZ4
import ZswapCore

/// LZ4, the compressor when none is chosen: the fastest one that is everywhere.
public struct LZ4Compressor: Compressor {
    /// The name it is chosen by.
    public var name: String { "lz4" }

    /// As `lz4` on the command line counts: 1, and 0, are the library's own default, -N is what
    /// `--fast=N` says, an acceleration of N + 1. At the lowest a page takes a fourth more memory
    /// and two thirds of the time.
    public var levels: CompressorLevels? { CompressorLevels(-16...1, standard: 1) }

    /// The version of the library that is linked.
    public static var libraryVersion: String { String(cString: LZ4_versionString()) }

    /// LZ4 as the library has it.
    public init() {}

    /// A codec with the state that the library asks for, 16 KiB.
    public func makeCodec(level: Int) throws(CompressorError) -> any Codec {
        try LZ4Codec(acceleration: CInt(level < 0 ? 1 - level : 1))
    }
}

/// LZ4's state and the two calls.
///
/// Price: `LZ4_compress_fast_extState` clears the state's 16 KiB for each page. Its `fastReset`
/// sibling clears it as well from 4096 bytes of input on, so nothing is lost by not depending on a
/// static-only function.
final class LZ4Codec: Codec {
    private let acceleration: CInt
    private let state: ScratchMemory

    init(acceleration: CInt) throws(CompressorError) {
        self.acceleration = acceleration
        state = try ScratchMemory(byteCount: Int(LZ4_sizeofState()))
    }

    var byteCount: Int { state.byteCount }

    func compress(_ page: RawSpan, into output: inout MutableRawSpan) -> CompressionResult {
        invariant(page.byteCount == Page.byteCount)
        let (base, acceleration) = (state.base, acceleration)
        let byteCount = page.withUnsafeBytes { source in
            output.withUnsafeMutableBytes { target in
                LZ4_compress_fast_extState(
                    base, source.baseAddress, target.baseAddress, CInt(source.count),
                    CInt(target.count), acceleration)
            }
        }
        // 0 has one meaning left once the state is valid and the page has 4096 bytes: no room.
        return byteCount > 0 ? .compressed(byteCount: Int(byteCount)) : .tooLarge
    }

    func decompress(_ object: RawSpan, into page: inout MutableRawSpan) -> Bool {
        LZ4Block.decompress(object, into: &page)
    }
}
