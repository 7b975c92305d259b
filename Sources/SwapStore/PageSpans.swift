import ZswapCore

/// A range of bytes cut at page borders: which page, and which bytes of it.
///
///     offset 1000, 9000 bytes:   page 0 [1000, 4096)   page 1 [0, 4096)   page 2 [0, 1808)
struct PageSpans: Sequence, IteratorProtocol {
    struct Element: Equatable {
        let page: PageNumber
        /// The bytes of the page.
        let range: Range<Int>
        /// Where these bytes are in the request.
        let position: Int

        var isWhole: Bool { range.count == Page.byteCount }
    }

    private var offset: UInt64
    private let start: UInt64
    private let end: UInt64

    init(offset: UInt64, byteCount: UInt64) {
        let (end, overflow) = offset.addingReportingOverflow(byteCount)
        precondition(!overflow)
        self.offset = offset
        start = offset
        self.end = end
    }

    /// How many pages a range touches.
    static func count(offset: UInt64, byteCount: UInt64) -> Int {
        guard byteCount > 0 else { return 0 }
        let last = PageNumber(holdingByte: offset + byteCount - 1)
        return Int(last.rawValue - PageNumber(holdingByte: offset).rawValue + 1)
    }

    mutating func next() -> Element? {
        guard offset < end else { return nil }
        let page = PageNumber(holdingByte: offset)
        let first = Int(offset - page.byteOffset)
        let last = Int(Swift.min(end - page.byteOffset, UInt64(Page.byteCount)))
        let element = Element(page: page, range: first..<last, position: Int(offset - start))
        offset = page.byteOffset + UInt64(last)
        return element
    }
}
