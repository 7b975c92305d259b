public import Compressors
import ZswapCore

/// lz4 with every byte of its output inverted: as good, and nothing that lz4 itself could read. So
/// a page that is read by the wrong compressor is noticed.
public struct InvertedCompressor: Compressor {
    /// The compressor's name.
    public let name = "inverted"

    /// The compressor. It keeps nothing.
    public init() {}

    /// A codec around one of lz4.
    public func makeCodec(level: Int) throws(CompressorError) -> any Codec {
        let lz4 = LZ4Compressor()
        return InvertedCodec(try lz4.makeCodec(level: lz4.level(for: nil)))
    }
}

private final class InvertedCodec: Codec {
    private let codec: any Codec
    private var object = [UInt8](
        repeating: 0, count: Limits.storedByteCountMax + CodecScratch.tailByteCount)

    init(_ codec: any Codec) { self.codec = codec }

    var byteCount: Int { codec.byteCount + object.count }

    func compress(_ page: RawSpan, into output: inout MutableRawSpan) -> CompressionResult {
        let result = codec.compress(page, into: &output)
        guard case .compressed(let byteCount) = result else { return result }
        output.withUnsafeMutableBytes { bytes in
            for index in 0..<byteCount { bytes[index] = ~bytes[index] }
        }
        return result
    }

    /// From a copy, since the object is only lent.
    func decompress(_ object: RawSpan, into page: inout MutableRawSpan) -> Bool {
        object.withUnsafeBytes { bytes in
            for index in bytes.indices { self.object[index] = ~bytes[index] }
        }
        let copy = self.object
        return codec.decompress(copy.span.bytes.extracting(0..<object.byteCount), into: &page)
    }
}

/// Finds no page worth compressing, so all are kept as they are.
public struct IdleCompressor: Compressor {
    /// The compressor's name.
    public let name = "idle"

    /// The compressor. It keeps nothing.
    public init() {}

    /// A codec that does nothing.
    public func makeCodec(level: Int) throws(CompressorError) -> any Codec { IdleCodec() }
}

private final class IdleCodec: Codec {
    var byteCount: Int { 0 }
    func compress(_ page: RawSpan, into output: inout MutableRawSpan) -> CompressionResult {
        .tooLarge
    }
    func decompress(_ object: RawSpan, into page: inout MutableRawSpan) -> Bool { false }
}

extension CompressorRegistry {
    /// The project's own, and the two above.
    public static func withTestCompressors() -> CompressorRegistry {
        let registry = standard()
        for compressor: any Compressor in [InvertedCompressor(), IdleCompressor()] {
            do {
                try registry.register(compressor)
            } catch {
                preconditionFailure("\(compressor.name): \(error)")
            }
        }
        return registry
    }
}
