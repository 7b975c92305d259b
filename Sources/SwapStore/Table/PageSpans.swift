import ZswapCore

/// A range of bytes cut at page borders: which page, and which bytes of it.
///
///     offset 1000, 9000 bytes:   page 0 [1000, 4096)   page 1 [0, 4096)   page 2 [0, 1808)
struct PageSpans: Sequence, IteratorProtocol {
    struct Element: Equatable {
        let page: PageNumber
        /// The bytes of the page.
        let range: Range<Int>
        /// The place of these bytes in the request.
        let position: Int

        var isWhole: Bool { range.count == Page.byteCount }
    }

    private var offset: UInt64
    private let start: UInt64
    private let end: UInt64

    init(_ range: ByteRange) {
        offset = range.start
        start = range.start
        end = range.end
    }

    mutating func next() -> Element? {
        guard offset < end else { return nil }
        let page = PageNumber(holdingByte: offset)
        let first = Int(offset - page.byteOffset)
        let last = Int(Swift.min(end - page.byteOffset, UInt64(Page.byteCount)))
        let element = Element(page: page, range: first..<last, position: Int(offset - start))
        invariant(first < last && last <= Page.byteCount, "a piece of more than a page")
        deepInvariant(first == 0 || element.position == 0, "bytes between two pieces are left out")
        offset = page.byteOffset + UInt64(last)
        return element
    }
}
