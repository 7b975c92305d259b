import Compressors
import TestSupport
import Testing
import ZswapCore

/// What every registered compressor has to keep, on all kinds of pages.
@Suite struct CompressorContractTests {
    static let names = CompressorRegistry.standard().names

    private func makeCodec(_ name: String) throws -> any Codec {
        let compressor = try #require(CompressorRegistry.standard().compressor(named: name))
        return try compressor.makeCodec(level: compressor.level(for: nil))
    }

    @Test(arguments: names, PagePattern.allCases)
    func whatGoesInComesOut(name: String, pattern: PagePattern) throws {
        let codec = try makeCodec(name)
        let output = FencedBuffer(byteCount: 2 * Page.byteCount)
        let back = FencedBuffer(byteCount: Page.byteCount)
        for seed in 1...64 as ClosedRange<UInt64> {
            let page = pattern.page(seed: seed)
            let result = output.withMutableSpan { codec.compress(page.span.bytes, into: &$0) }
            guard case .compressed(let byteCount) = result else {
                Issue.record("\(pattern) seed \(seed): \(result) with two pages of room")
                continue
            }
            #expect(byteCount > 0)
            guard byteCount <= Page.byteCount else {
                // Noise grows; a store keeps it as it is and no decoder ever meets it.
                #expect(pattern == .random)
                continue
            }
            let object = FencedBuffer(byteCount: byteCount)
            object.fill(with: output.bytes.prefix(byteCount))
            #expect(back.withMutableSpan { codec.decompress(object.span, into: &$0) })
            #expect(back.bytes.elementsEqual(page), "\(pattern) seed \(seed)")
        }
    }

    @Test(arguments: names, PagePattern.allCases)
    func everyLimitIsKept(name: String, pattern: PagePattern) throws {
        let codec = try makeCodec(name)
        let page = pattern.page(seed: 7)
        let back = FencedBuffer(byteCount: Page.byteCount)
        var smallestLimit: Int?
        for limit in 1...Page.byteCount {
            let output = FencedBuffer(byteCount: limit)
            switch output.withMutableSpan({ codec.compress(page.span.bytes, into: &$0) }) {
            case .compressed(let byteCount):
                #expect((1...limit).contains(byteCount))
                guard smallestLimit == nil || limit == Page.byteCount else { continue }
                smallestLimit = smallestLimit ?? limit
                let object = FencedBuffer(byteCount: byteCount)
                object.fill(with: output.bytes.prefix(byteCount))
                #expect(back.withMutableSpan { codec.decompress(object.span, into: &$0) })
                #expect(back.bytes.elementsEqual(page), "\(pattern) limit \(limit)")
            case .tooLarge:
                #expect(smallestLimit == nil, "\(pattern) fits \(smallestLimit ?? 0), not \(limit)")
            case .failed: Issue.record("\(pattern) limit \(limit): failed")
            }
        }
        #expect((smallestLimit == nil) == (pattern == .random))
    }

    @Test(arguments: names)
    func callsLeaveNothingBehind(name: String) throws {
        let codec = try makeCodec(name)
        let output = FencedBuffer(byteCount: 2 * Page.byteCount)
        func compressed(_ page: [UInt8], by codec: any Codec) -> [UInt8] {
            let result = output.withMutableSpan { codec.compress(page.span.bytes, into: &$0) }
            guard case .compressed(let byteCount) = result else { return [] }
            return Array(output.bytes.prefix(byteCount))
        }
        for seed in 1...200 as ClosedRange<UInt64> {
            let page = PagePattern.allCases[Int(seed) % PagePattern.allCases.count].page(seed: seed)
            #expect(compressed(page, by: codec) == compressed(page, by: try makeCodec(name)))
        }
    }

    @Test(arguments: names)
    func onlyWholePagesAreTaken(name: String) throws {
        let codec = try makeCodec(name)
        let output = FencedBuffer(byteCount: 2 * Page.byteCount)
        let back = FencedBuffer(byteCount: Page.byteCount)
        let page = PagePattern.text.page(seed: 3)
        let result = output.withMutableSpan { codec.compress(page.span.bytes, into: &$0) }
        guard case .compressed(let byteCount) = result else {
            Issue.record("\(result)")
            return
        }
        for shorter in 0..<byteCount {
            let object = FencedBuffer(byteCount: shorter)
            object.fill(with: output.bytes.prefix(shorter))
            let isPage = back.withMutableSpan { codec.decompress(object.span, into: &$0) }
            #expect(!isPage, "\(shorter) of \(byteCount) bytes are taken as a page")
        }
    }
}
