import Testing
import ZswapCore

@Suite struct PageNumberTests {
    @Test func shiftAndSizeAgree() {
        #expect(Page.byteCount == 1 << Page.shift)
    }

    @Test(
        arguments: [
            (0, 0), (1, 0), (4095, 0), (4096, 1), (8191, 1), (1 << 44, 1 << 32),
            (.max, 1 << 52 - 1),
        ] as [(UInt64, UInt64)])
    func aByteIsHeldByOnePage(offset: UInt64, number: UInt64) {
        let page = PageNumber(holdingByte: offset)
        #expect(page.rawValue == number)
        #expect(page.byteOffset <= offset)
        #expect(offset - page.byteOffset < UInt64(Page.byteCount))
    }

    @Test func ordersByNumber() {
        #expect(PageNumber(1) < PageNumber(2))
        #expect(!(PageNumber(2) < PageNumber(2)))
        #expect(PageNumber(3) == PageNumber(holdingByte: 3 * 4096 + 17))
    }
}
