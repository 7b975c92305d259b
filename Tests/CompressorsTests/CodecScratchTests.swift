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
