import Compressors
import Testing
import ZswapCore

@Suite struct CodecScratchTests {
    @Test func outputIsTheObject() throws {
        let scratch = try CodecScratch([LZ4Compressor()])
        #expect(scratch.output.byteCount == 0)
        let page = PagePattern.text.page(seed: 1)
        let result = scratch.compress(page.span.bytes, with: 0, limit: Page.byteCount)
        #expect(result == .compressed(byteCount: scratch.output.byteCount))
        var back = [UInt8](repeating: 0, count: Page.byteCount)
        var span = back.mutableSpan
        var bytes = span.mutableBytes
        #expect(scratch.decompress(scratch.output, into: &bytes, with: 0))
        #expect(back == page)
    }

    @Test func outputIsEmptyAfterAPageThatDoesNotFit() throws {
        let scratch = try CodecScratch([LZ4Compressor()])
        let text = PagePattern.text.page(seed: 1)
        _ = scratch.compress(text.span.bytes, with: 0, limit: Page.byteCount)
        let random = PagePattern.random.page(seed: 1)
        let result = scratch.compress(random.span.bytes, with: 0, limit: Page.byteCount)
        #expect(result == .tooLarge)
        #expect(scratch.output.byteCount == 0)
    }

    @Test func compressorsGoByTheirPlace() throws {
        let scratch = try CodecScratch([
            TestCompressor(name: "a", act: .say(.failed)), LZ4Compressor(),
            TestCompressor(name: "c", act: .say(.compressed(byteCount: 9))),
        ])
        let page = PagePattern.zero.page(seed: 1)
        #expect(scratch.compress(page.span.bytes, with: 0, limit: 100) == .failed)
        #expect(scratch.compress(page.span.bytes, with: 1, limit: 100) != .tooLarge)
        #expect(
            scratch.compress(page.span.bytes, with: 2, limit: 100) == .compressed(byteCount: 9))
        #expect(scratch.byteCount >= 16384 + Page.byteCount + 2 * TestCodec.byteCount)
    }

    @Test func levelsAreChecked() throws {
        let levelled = TestCompressor(
            name: "levelled", act: .sayLevel, levels: CompressorLevels(1...9, standard: 3))
        let page = PagePattern.zero.page(seed: 1)
        for (asked, got) in [(nil, 3), (1, 1), (9, 9)] as [(Int?, Int)] {
            let scratch = try CodecScratch([levelled], levels: [asked])
            let result = scratch.compress(page.span.bytes, with: 0, limit: 100)
            #expect(result == .compressed(byteCount: got))
        }
        for asked in [0, 10, -1, .max] {
            #expect(throws: CompressorError.levelOutOfRange) {
                try CodecScratch([levelled], levels: [asked])
            }
        }
        #expect(throws: CompressorError.levelOutOfRange) {
            try CodecScratch([TestCompressor(name: "plain")], levels: [1])
        }
    }

    /// Another thread overwrites the object while it is decoded: the codec reads its former bytes,
    /// and zeros behind them.
    @Test(arguments: [1, 100, 4096 - CodecScratch.tailByteCount])
    func aDecoderReadsACopy(byteCount: Int) throws {
        let shared = FencedBuffer(byteCount: byteCount)
        shared.fill(with: [UInt8](repeating: 7, count: byteCount))
        let compressor = TestCompressor(
            name: "racing",
            act: .run { shared.fill(with: [UInt8](repeating: 9, count: byteCount)) })
        let scratch = try CodecScratch([compressor])
        let back = FencedBuffer(byteCount: Page.byteCount)
        for before in [7, 9] as [UInt8] {
            #expect(back.withMutableSpan { scratch.decompress(shared.span, into: &$0, with: 0) })
            #expect(back.bytes.prefix(byteCount).allSatisfy { $0 == before })
            let tail = back.bytes[byteCount..<byteCount + CodecScratch.tailByteCount]
            #expect(tail.allSatisfy { $0 == 0 })
        }
    }

    #if DEBUG
    @Test func aPageThatChangesWhileItIsCompressedTraps() async {
        await #expect(processExitsWith: .failure) {
            let page = FencedBuffer(byteCount: Page.byteCount)
            let compressor = TestCompressor(
                name: "racing", act: .run { page.bytes[4000] ^= 1 })
            _ = try CodecScratch([compressor]).compress(page.span, with: 0, limit: 100)
        }
    }
    #endif

    @Test func aCodecThatBreaksItsLimitTraps() async {
        await #expect(processExitsWith: .failure) {
            let act = TestCompressor.Act.say(.compressed(byteCount: 101))
            let scratch = try CodecScratch([TestCompressor(name: "liar", act: act)])
            let page = PagePattern.zero.page(seed: 1)
            _ = scratch.compress(page.span.bytes, with: 0, limit: 100)
        }
    }

    @Test func shortPagesTrap() async {
        await #expect(processExitsWith: .failure) {
            let scratch = try CodecScratch([LZ4Compressor()])
            let page = [UInt8](repeating: 0, count: Page.byteCount - 1)
            _ = scratch.compress(page.span.bytes, with: 0, limit: 100)
        }
    }

    #if DEBUG
    @Test func aSecondUserInsideTraps() async {
        await #expect(processExitsWith: .failure) {
            let box = ScratchBox()
            let compressor = TestCompressor(name: "again", act: .enterAgain(box))
            let scratch = try CodecScratch([compressor])
            box.scratch = scratch
            let page = PagePattern.zero.page(seed: 1)
            _ = scratch.compress(page.span.bytes, with: 0, limit: 100)
        }
    }
    #endif
}
