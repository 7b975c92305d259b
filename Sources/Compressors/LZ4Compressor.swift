import CLZ4
import ZswapCore

/// LZ4, the compressor when none is chosen: the fastest one that is everywhere. Acceleration 1, a
/// raw block without a frame: an entry of the page table knows its length.
public struct LZ4Compressor: Compressor {
    /// The name it is chosen by.
    public var name: String { "lz4" }

    /// The version of the library that is linked.
    public static var libraryVersion: String { String(cString: LZ4_versionString()) }

    /// LZ4 as the library has it.
    public init() {}

    /// A codec with the state that the library asks for, 16 KiB. Never throws.
    public func makeCodec(level: Int) throws(CompressorError) -> any Codec { LZ4Codec() }
}

/// LZ4's state and the two calls.
///
/// Price: `LZ4_compress_fast_extState` clears the state's 16 KiB for each page. Its `fastReset`
/// sibling clears it as well from 4096 bytes of input on, so nothing is lost by not depending on a
/// static-only function.
final class LZ4Codec: Codec {
    private static let acceleration: CInt = 1

    private let state: ScratchMemory

    init() { state = ScratchMemory(byteCount: Int(LZ4_sizeofState())) }

    var byteCount: Int { state.byteCount }

    func compress(_ page: RawSpan, into output: inout MutableRawSpan) -> CompressionResult {
        precondition(page.byteCount == Page.byteCount)
        let base = state.base
        let byteCount = page.withUnsafeBytes { source in
            output.withUnsafeMutableBytes { target in
                LZ4_compress_fast_extState(
                    base, source.baseAddress, target.baseAddress, CInt(source.count),
                    CInt(target.count), Self.acceleration)
            }
        }
        // 0 has one meaning left once the state is valid and the page has 4096 bytes: no room.
        return byteCount > 0 ? .compressed(byteCount: Int(byteCount)) : .tooLarge
    }

    func decompress(_ object: RawSpan, into page: inout MutableRawSpan) -> Bool {
        precondition(page.byteCount == Page.byteCount)
        precondition(object.byteCount <= Limits.storedByteCountMax)
        // The one decoder of the library that bounds reads and writes both, by lengths it is told
        // here and not by what the input says; so an input that changes meanwhile costs a wrong
        // page, never a wild one.
        let byteCount = object.withUnsafeBytes { source in
            page.withUnsafeMutableBytes { target in
                LZ4_decompress_safe(
                    source.baseAddress, target.baseAddress, CInt(source.count), CInt(target.count))
            }
        }
        return byteCount == Page.byteCount
    }
}
