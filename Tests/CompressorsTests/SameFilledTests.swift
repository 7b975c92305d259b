import Compressors
import TestSupport
import Testing
import ZswapCore

@Suite struct SameFilledTests {
    private static let words: [UInt64] = [
        0, 1, .max, 0xa5a5_a5a5_a5a5_a5a5, 0x0123_4567_89ab_cdef, 1 << 63, 0xffff_ffff,
    ]

    private func page(of word: UInt64) -> [UInt8] {
        var page: [UInt8] = []
        while page.count < Page.byteCount { page.append(word: word) }
        return page
    }

    @Test(arguments: words)
    func anyRepeatedWordIsTaken(word: UInt64) {
        #expect(SameFilled.word(of: page(of: word).span.bytes) == UInt64(littleEndian: word))
    }

    @Test(arguments: words)
    func oneDifferentBitIsEnough(word: UInt64) {
        var page = page(of: word)
        for index in page.indices {
            let bit: UInt8 = 1 << UInt8(index % 8)
            page[index] ^= bit
            #expect(SameFilled.word(of: page.span.bytes) == nil, "byte \(index)")
            page[index] ^= bit
        }
        #expect(SameFilled.word(of: page.span.bytes) != nil)
    }

    @Test func bytesThatRepeatInOtherStepsAreNot() {
        for period in [3, 5, 6, 7, 9, 12, 16, 64, 512, 2048] {
            let page = (0..<Page.byteCount).map { UInt8(truncatingIfNeeded: $0 % period) }
            #expect(SameFilled.word(of: page.span.bytes) == nil, "period \(period)")
        }
        for period in [1, 2, 4, 8] {
            let page = (0..<Page.byteCount).map { UInt8(truncatingIfNeeded: $0 % period) }
            #expect(SameFilled.word(of: page.span.bytes) != nil, "period \(period)")
        }
    }

    @Test(arguments: words)
    func fillingWritesTheWholePageAndNoMore(word: UInt64) {
        let buffer = FencedBuffer(byteCount: Page.byteCount)
        buffer.fill(with: PagePattern.random.page(seed: 5))
        buffer.withMutableSpan { SameFilled.fill(&$0, with: word) }
        #expect(SameFilled.word(of: buffer.span) == word)
        #expect(buffer.bytes.elementsEqual(page(of: word)))
    }

    @Test func alignmentDoesNotMatter() {
        for shift in 0..<16 {
            let buffer = FencedBuffer(byteCount: Page.byteCount + shift, against: .end)
            buffer.fill(with: repeatElement(7, count: Page.byteCount + shift))
            let page = buffer.span.extracting(0..<Page.byteCount)
            #expect(SameFilled.word(of: page) == 0x0707_0707_0707_0707, "shift \(shift)")
        }
    }
}
