import Glibc
import ZswapCore

/// The expected state of an area, as simple as possible: its bytes in an array, and for each page
/// the known way in which it is kept.
public struct AreaModel: Sendable {
    /// The way in which a page is kept.
    public enum PageState: Sendable { case hole, sameFilled, other }

    /// The content; as long as the area.
    public private(set) var bytes: [UInt8] = []
    /// One for each page that the area has a byte of.
    public private(set) var pages: [PageState] = []

    /// An empty area.
    public init() {}

    /// Bytes in the area.
    public var size: Int { bytes.count }

    /// Pages that are not holes.
    public var storedPageCount: Int { pages.count { $0 != .hole } }
    /// Pages kept as a word.
    public var sameFilledPageCount: Int { pages.count { $0 == .sameFilled } }

    /// The bytes that a read returns.
    public func read(at offset: Int, count: Int) -> ArraySlice<UInt8> {
        let start = min(offset, size)
        return bytes[start..<min(start + count, size)]
    }

    /// Whether a page would be same-filled after a write of `new` at `offset`.
    public func isSameFilled(page: Int, afterWriting new: ArraySlice<UInt8>, at offset: Int) -> Bool
    {
        var content = self.content(ofPage: page)
        let start = page * Page.byteCount
        let from = max(offset, start)
        let to = min(offset + new.count, start + Page.byteCount)
        let source = new.startIndex + (from - offset)
        content.replaceSubrange(
            from - start..<to - start, with: new[source..<source + (to - from)])
        return Self.isSameFilled(content)
    }

    /// Writes all of `new`; `keepsWords`: same-filled pages are kept as words now.
    public mutating func write(_ new: ArraySlice<UInt8>, at offset: Int, keepsWords: Bool) {
        guard !new.isEmpty else { return }
        if offset + new.count > size { resize(to: offset + new.count) }
        bytes.replaceSubrange(offset..<offset + new.count, with: new)
        for page in offset / Page.byteCount...(offset + new.count - 1) / Page.byteCount {
            judge(page, keepsWords)
        }
    }

    /// Makes a range read as zeros: whole pages become holes, parts of pages that are none are
    /// cleared.
    public mutating func punch(at offset: Int, count: Int, keepsWords: Bool) {
        for page in pages.indices where pages[page] != .hole {
            let start = page * Page.byteCount
            let from = max(offset, start)
            let to = min(offset + count, start + Page.byteCount)
            guard from < to else { continue }
            if from < size { clear(from..<min(to, size)) }
            if to - from == Page.byteCount {
                pages[page] = .hole
            } else {
                judge(page, keepsWords)
            }
        }
    }

    /// Sets the size.
    public mutating func truncate(to newSize: Int, keepsWords: Bool) {
        if newSize < size {
            punch(at: newSize, count: 1 << 40, keepsWords: keepsWords)
        }
        resize(to: newSize)
    }

    /// SEEK_DATA; nil: there is none.
    public func nextData(from offset: Int) -> Int? {
        guard offset < size else { return nil }
        let page = pages[(offset / Page.byteCount)...].firstIndex { $0 != .hole }
        return page.map { max($0 * Page.byteCount, offset) }
    }

    /// SEEK_HOLE; nil: the offset is at the end or beyond.
    public func nextHole(from offset: Int) -> Int? {
        guard offset < size else { return nil }
        let page = pages[(offset / Page.byteCount)...].firstIndex { $0 == .hole } ?? pages.count
        return min(max(page * Page.byteCount, offset), size)
    }

    private mutating func resize(to newSize: Int) {
        if newSize > size {
            bytes += [UInt8](repeating: 0, count: newSize - size)
        } else {
            bytes.removeLast(size - newSize)
        }
        let pageCount = (newSize + Page.byteCount - 1) / Page.byteCount
        if pageCount > pages.count {
            pages += [PageState](repeating: .hole, count: pageCount - pages.count)
        } else {
            pages.removeLast(pages.count - pageCount)
        }
    }

    private mutating func clear(_ range: Range<Int>) {
        guard !range.isEmpty else { return }
        bytes.withUnsafeMutableBytes { bytes in
            _ = UnsafeMutableRawBufferPointer(rebasing: bytes[range])
                .initializeMemory(as: UInt8.self, repeating: 0)
        }
    }

    private mutating func judge(_ page: Int, _ keepsWords: Bool) {
        pages[page] =
            keepsWords && Self.isSameFilled(content(ofPage: page)) ? .sameFilled : .other
    }

    /// A whole page; what is beyond the end of the area is zeros.
    private func content(ofPage page: Int) -> [UInt8] {
        let content = Array(read(at: page * Page.byteCount, count: Page.byteCount))
        return content + [UInt8](repeating: 0, count: Page.byteCount - content.count)
    }

    /// Same-filled: the page equals itself moved by a word.
    private static func isSameFilled(_ content: [UInt8]) -> Bool {
        content.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return false }
            return memcmp(start, start + 8, Page.byteCount - 8) == 0
        }
    }
}

extension ArraySlice where Element == UInt8 {
    /// Whether the bytes are the same; fast in debug builds too.
    public func hasBytes(of other: [UInt8]) -> Bool {
        guard count == other.count else { return false }
        guard count > 0 else { return true }
        return withUnsafeBytes { mine in
            other.withUnsafeBytes { theirs in
                guard let left = mine.baseAddress, let right = theirs.baseAddress else {
                    return false
                }
                return memcmp(left, right, mine.count) == 0
            }
        }
    }

    /// In words, how what was read at an offset differs from this; nil: not at all.
    public func difference(of other: [UInt8], at offset: Int) -> String? {
        guard !hasBytes(of: other) else { return nil }
        let place = zip(other, self).enumerated().first { $1.0 != $1.1 }?.offset
        return "\(other.count) bytes at \(offset) instead of \(count), the first wrong one"
            + " at \(place.map { "\(offset + $0)" } ?? "the end")"
    }
}
