import Compressors
import Testing
import ZswapCore

@Suite struct PageChecksumTests {
    /// Computed by the Python binding of the reference implementation, built without this library.
    @Test func knownPages() {
        let counting = (0..<Page.byteCount).map { UInt8(truncatingIfNeeded: $0) }
        let pages: [([UInt8], UInt32)] = [
            ([UInt8](repeating: 0, count: Page.byteCount), 0x48c6_89ba),
            ([UInt8](repeating: 0xff, count: Page.byteCount), 0x7385_1dd6),
            (counting, 0x0787_9151),
            (PagePattern.random.page(seed: 1), 0xd1cb_2adb),
        ]
        for (page, checksum) in pages {
            #expect(PageChecksum.of(page.span.bytes) == checksum)
        }
    }

    @Test func everyByteCounts() {
        var page = PagePattern.pointers.page(seed: 2)
        let whole = PageChecksum.of(page.span.bytes)
        for index in page.indices {
            page[index] ^= 0x10
            #expect(PageChecksum.of(page.span.bytes) != whole, "byte \(index)")
            page[index] ^= 0x10
        }
    }

    @Test func alignmentDoesNotMatter() {
        let page = PagePattern.random.page(seed: 1)
        let checksum = PageChecksum.of(page.span.bytes)
        for shift in 0..<16 {
            let buffer = FencedBuffer(byteCount: Page.byteCount + shift)
            buffer.fill(with: page)
            #expect(PageChecksum.of(buffer.span.extracting(0..<Page.byteCount)) == checksum)
        }
    }
}
