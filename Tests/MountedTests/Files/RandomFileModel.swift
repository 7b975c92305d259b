import Foundation

/// The expected state of a file: its bytes, and which of its pages are not holes. As simple as
/// possible.
struct RandomFileModel {
    static let page = 4096

    /// As much as the file may ever be long; beyond `size` all zeros.
    private(set) var bytes: [UInt8]
    private(set) var size = 0
    /// By page: whether it is stored.
    private(set) var stored: [Bool]

    init(byteCountMax: Int) {
        bytes = [UInt8](repeating: 0, count: byteCountMax)
        stored = [Bool](repeating: false, count: (byteCountMax + Self.page - 1) / Self.page)
    }

    mutating func write(_ content: UnsafeRawBufferPointer, at offset: Int) {
        guard !content.isEmpty else { return }
        bytes.withUnsafeMutableBytes { bytes in
            UnsafeMutableRawBufferPointer(rebasing: bytes[offset..<offset + content.count])
                .copyMemory(from: content)
        }
        let last = (offset + content.count - 1) / Self.page
        for page in offset / Self.page...last { stored[page] = true }
        size = max(size, offset + content.count)
    }

    /// Zeros a range; whole pages become holes, parts of stored pages stay stored.
    mutating func clear(from start: Int, to end: Int) {
        let end = min(end, bytes.count)
        guard start < end else { return }
        bytes.withUnsafeMutableBytes { bytes in
            if let base = bytes.baseAddress { memset(base + start, 0, end - start) }
        }
        let first = (start + Self.page - 1) / Self.page
        let last = end / Self.page
        for page in first..<max(first, last) { stored[page] = false }
    }

    mutating func extend(to end: Int) { size = max(size, end) }

    mutating func truncate(to end: Int) {
        if end < size {
            clear(from: end, to: bytes.count)
            // The page at the border keeps what is before it, the others are gone.
            for page in (end + Self.page - 1) / Self.page..<stored.count { stored[page] = false }
        }
        size = end
    }

    /// Whether `content` is what a read at `offset` of `wanted` bytes has to give.
    func matches(_ content: UnsafeRawBufferPointer, at offset: Int, wanted: Int) -> Bool {
        guard content.count == max(min(wanted, size - offset), 0) else { return false }
        return bytes.withUnsafeBytes { bytes in
            guard let own = bytes.baseAddress, let other = content.baseAddress else { return true }
            return content.isEmpty || memcmp(own + offset, other, content.count) == 0
        }
    }

    /// The first byte where both differ, for the message.
    func firstDifference(_ content: UnsafeRawBufferPointer, at offset: Int) -> Int? {
        content.indices.first { content[$0] != bytes[offset + $0] }.map { $0 + offset }
    }

    /// SEEK_DATA; nil for ENXIO.
    func nextData(from offset: Int) -> Int? {
        guard offset < size else { return nil }
        let end = (size + Self.page - 1) / Self.page
        return (offset / Self.page..<end).first { stored[$0] }.map { max(offset, $0 * Self.page) }
    }

    /// SEEK_HOLE; nil for ENXIO.
    func nextHole(from offset: Int) -> Int? {
        guard offset < size else { return nil }
        let end = (size + Self.page - 1) / Self.page
        let page = (offset / Self.page..<end).first { !stored[$0] } ?? end
        return max(offset, min(page * Self.page, size))
    }
}
