import Compressors
import TestSupport
import Testing
import ZswapCore

/// The contract of every registered compressor, on all kinds of pages.
@Suite struct CompressorContractTests {
    @Test(arguments: LevelledCompressor.all, PagePattern.allCases)
    func whatGoesInComesOut(compressor: LevelledCompressor, pattern: PagePattern) throws {
        let codec = try compressor.makeCodec()
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
                #expect(pattern == .random || pattern == .program)
                continue
            }
            let object = Self.object(output.bytes.prefix(byteCount))
            #expect(
                back.withMutableSpan {
                    codec.decompress(object.span.extracting(first: byteCount), into: &$0)
                })
            #expect(back.bytes.elementsEqual(page), "\(pattern) seed \(seed)")
        }
    }

    @Test(arguments: LevelledCompressor.all, PagePattern.allCases)
    func everyLimitIsKept(compressor: LevelledCompressor, pattern: PagePattern) throws {
        let codec = try compressor.makeCodec()
        let page = pattern.page(seed: 7)
        let back = FencedBuffer(byteCount: Page.byteCount)
        var smallestLimit: Int?
        // The highest levels are slow; every limit at the default one, some at others.
        let step = compressor.isStandard ? 1 : 35
        for limit in stride(from: 1, through: Page.byteCount, by: step) {
            let output = FencedBuffer(byteCount: limit)
            switch output.withMutableSpan({ codec.compress(page.span.bytes, into: &$0) }) {
            case .compressed(let byteCount):
                #expect((1...limit).contains(byteCount))
                guard smallestLimit == nil || limit + step > Page.byteCount else { continue }
                smallestLimit = smallestLimit ?? limit
                let object = Self.object(output.bytes.prefix(byteCount))
                #expect(
                    back.withMutableSpan {
                        codec.decompress(object.span.extracting(first: byteCount), into: &$0)
                    })
                #expect(back.bytes.elementsEqual(page), "\(pattern) limit \(limit)")
            case .tooLarge:
                #expect(smallestLimit == nil, "\(pattern) fits \(smallestLimit ?? 0), not \(limit)")
            case .failed: Issue.record("\(pattern) limit \(limit): failed")
            }
        }
        // Whether bytes of the test program shrink is up to the linker.
        if pattern != .program { #expect((smallestLimit == nil) == (pattern == .random)) }
    }

    @Test(arguments: LevelledCompressor.all)
    func callsLeaveNothingBehind(compressor: LevelledCompressor) throws {
        let codec = try compressor.makeCodec()
        let output = FencedBuffer(byteCount: 2 * Page.byteCount)
        func compressed(_ page: [UInt8], by codec: any Codec) -> [UInt8] {
            let result = output.withMutableSpan { codec.compress(page.span.bytes, into: &$0) }
            guard case .compressed(let byteCount) = result else { return [] }
            return Array(output.bytes.prefix(byteCount))
        }
        for seed in 1...200 as ClosedRange<UInt64> {
            let page = PagePattern.allCases[Int(seed) % PagePattern.allCases.count].page(seed: seed)
            let fresh = try compressor.makeCodec()
            #expect(compressed(page, by: codec) == compressed(page, by: fresh), "seed \(seed)")
        }
    }

    @Test(arguments: LevelledCompressor.all)
    func onlyWholePagesAreTaken(compressor: LevelledCompressor) throws {
        let codec = try compressor.makeCodec()
        let output = FencedBuffer(byteCount: 2 * Page.byteCount)
        let back = FencedBuffer(byteCount: Page.byteCount)
        let page = PagePattern.text.page(seed: 3)
        let result = output.withMutableSpan { codec.compress(page.span.bytes, into: &$0) }
        guard case .compressed(let byteCount) = result else {
            Issue.record("\(result)")
            return
        }
        for shorter in 0..<byteCount {
            let object = Self.object(output.bytes.prefix(shorter))
            let isPage = back.withMutableSpan {
                codec.decompress(object.span.extracting(first: shorter), into: &$0)
            }
            #expect(!isPage, "\(shorter) of \(byteCount) bytes are taken as a page")
        }
    }
    /// An entry names the compressor, not the level, so any codec must read what any other wrote.
    @Test(arguments: LevelledCompressor.all, LevelledCompressor.all)
    func levelsReadEachOther(writer: LevelledCompressor, reader: LevelledCompressor) throws {
        guard writer.name == reader.name else { return }
        let (from, to) = (try writer.makeCodec(), try reader.makeCodec())
        let output = FencedBuffer(byteCount: Page.byteCount)
        let back = FencedBuffer(byteCount: Page.byteCount)
        for pattern in PagePattern.allCases {
            let page = pattern.page(seed: 5)
            let result = output.withMutableSpan { from.compress(page.span.bytes, into: &$0) }
            guard case .compressed(let byteCount) = result else { continue }
            let object = Self.object(output.bytes.prefix(byteCount))
            #expect(
                back.withMutableSpan {
                    to.decompress(object.span.extracting(first: byteCount), into: &$0)
                })
            #expect(back.bytes.elementsEqual(page), "\(pattern)")
        }
    }

    /// An object, and behind it as much as a codec may look at, and no byte more.
    private static func object(_ bytes: some Collection<UInt8>) -> FencedBuffer {
        let object = FencedBuffer(byteCount: bytes.count + CodecScratch.tailByteCount)
        object.fill(with: Array(bytes) + [UInt8](repeating: 0, count: CodecScratch.tailByteCount))
        return object
    }

    @Test(arguments: LevelledCompressor.all)
    func memoryIsSaid(compressor: LevelledCompressor) throws {
        let byteCount = try compressor.makeCodec().byteCount
        print("\(compressor.testDescription): a codec takes \(byteCount) bytes")
        #expect((16 << 10...16 << 20).contains(byteCount))
    }
}
