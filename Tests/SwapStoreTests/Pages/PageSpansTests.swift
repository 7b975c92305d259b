import TestSupport
import Testing
import ZswapCore

@testable import SwapStore

/// Cutting byte ranges at page borders.
@Suite struct PageSpansTests {
    private func range(_ offset: UInt64, _ byteCount: UInt64) -> ByteRange {
        ByteRange(clamping: offset, byteCount: byteCount)
    }

    @Test func headingsExample() {
        let spans = Array(PageSpans(range(1000, 9000)))
        #expect(spans.map(\.page.rawValue) == [0, 1, 2])
        #expect(spans.map(\.range) == [1000..<4096, 0..<4096, 0..<1808])
        #expect(spans.map(\.position) == [0, 3096, 7192])
        #expect(spans.map(\.isWhole) == [false, true, false])
    }

    @Test func nothingHasNoSpans() {
        #expect(Array(PageSpans(range(5000, 0))) == [])
        #expect(Array(PageSpans(range(4096, 0))) == [])
    }

    @Test(arguments: [1, 2] as [UInt64]) func spansTileTheRange(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for step in 0..<500 {
            let offset = random.next() % (1 << 44 - 50_000)
            let byteCount = 1 + random.next() % 50_000
            var next = offset
            for span in PageSpans(range(offset, byteCount)) {
                #expect(span.page.byteOffset + UInt64(span.range.lowerBound) == next)
                #expect(UInt64(span.position) == next - offset)
                #expect(!span.range.isEmpty && span.range.upperBound <= Page.byteCount)
                next += UInt64(span.range.count)
            }
            #expect(next == offset + byteCount, "seed \(seed), step \(step)")
            let spanCount = PageSpans(range(offset, byteCount)).reduce(0) { count, _ in
                count + 1
            }
            #expect(range(offset, byteCount).pageCount == spanCount)
        }
    }
}
