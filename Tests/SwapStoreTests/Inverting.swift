import Compressors

/// Keeps the first 3000 bytes of a page inverted, if the others are zeros: nothing like lz4.
struct Inverting: Compressor {
    var name: String { "inverting" }
    func makeCodec(level: Int) throws(CompressorError) -> any Codec { InvertingCodec() }
}

private final class InvertingCodec: Codec {
    var byteCount: Int { 0 }

    func compress(_ page: RawSpan, into output: inout MutableRawSpan) -> CompressionResult {
        let length = 3000
        guard output.byteCount >= length else { return .tooLarge }
        for index in length..<page.byteCount
        where page.unsafeLoad(fromByteOffset: index, as: UInt8.self) != 0 { return .tooLarge }
        for index in 0..<length {
            let byte = page.unsafeLoad(fromByteOffset: index, as: UInt8.self)
            output.storeBytes(of: ~byte, toByteOffset: index, as: UInt8.self)
        }
        return .compressed(byteCount: length)
    }

    func decompress(_ object: RawSpan, into page: inout MutableRawSpan) -> Bool {
        for index in 0..<page.byteCount {
            let byte: UInt8 =
                index < object.byteCount
                ? ~object.unsafeLoad(fromByteOffset: index, as: UInt8.self) : 0
            page.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
        }
        return true
    }
}

extension CompressorRegistry {
    /// The project's own compressors, and one that nobody takes for them.
    static func standardAndInverting() throws -> CompressorRegistry {
        let registry = standard()
        try registry.register(Inverting())
        return registry
    }
}
