import Compressors
import TestSupport
import ZswapCore

/// Objects that a codec is to make a page of, and pages that it is to compress.
///
///     | compressor | object ... up to 4096 |
///
/// Law: a codec stays in the buffers that it was lent, for any object; and a page that it
/// compresses comes back as it was.
enum CodecFuzz {
    static func prepare() throws -> FuzzTarget.Take {
        let registry = CompressorRegistry.standard()
        let compressors = registry.names.compactMap { registry.compressor(named: $0) }
        let scratch = try CodecScratch(compressors)
        return { bytes in
            var input = FuzzInput(bytes)
            let number = Int(input.byte()) % compressors.count
            let object = input.take(Page.byteCount)
            var page = [UInt8](repeating: 0, count: Page.byteCount)
            _ = expand(object, into: &page, scratch, number)
            guard !object.isEmpty else { return }
            let original = (0..<Page.byteCount).map { object[$0 % object.count] }
            guard
                case .compressed = scratch.compress(
                    original.span.bytes, with: number, limit: Page.byteCount)
            else { return }
            let compressed = scratch.output.withUnsafeBytes { Array($0) }
            let isPage = expand(compressed, into: &page, scratch, number)
            try FuzzFinding.unless(
                isPage && page == original, "\(registry.names[number]) lost a page")
        }
    }

    private static func expand(
        _ object: [UInt8], into page: inout [UInt8], _ scratch: CodecScratch, _ number: Int
    ) -> Bool {
        var span = page.mutableSpan
        var target = span.mutableBytes
        return scratch.decompress(object.span.bytes, into: &target, with: number)
    }
}
