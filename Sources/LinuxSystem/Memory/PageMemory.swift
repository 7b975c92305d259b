import CLinux
import Glibc
import ZswapCore

/// Anonymous memory in whole pages, as programs have it: what direct I/O reads into and writes out
/// of, and what the kernel swaps.
///
/// Law: what one thread writes no other reads or writes at that time.
public final class PageMemory: @unchecked Sendable {  // its users keep the law
    /// Bytes in a page of it.
    public static let pageByteCount = 4096

    let bytes: UnsafeMutableRawBufferPointer

    /// Maps `pageCount` pages of zeros. None takes memory before it is touched.
    public init(pageCount: Int) throws(SystemFailure) {
        invariant(pageCount > 0)
        let byteCount = pageCount * Self.pageByteCount
        let start = mmap(
            nil, byteCount, PROT_READ | PROT_WRITE, CInt(MAP_PRIVATE) | CInt(MAP_ANONYMOUS), -1, 0)
        guard let start, start != MAP_FAILED else { throw SystemFailure("mmap", "") }
        bytes = UnsafeMutableRawBufferPointer(start: start, count: byteCount)
    }

    /// A file's whole pages, mapped to be read only, so that they count as the file's and not as
    /// this process's memory. Writing to them traps.
    public init(mapping file: OpenFile) throws(SystemFailure) {
        let byteCount = Int(try file.status().byteCount) / Self.pageByteCount * Self.pageByteCount
        // An empty file can't be mapped: EINVAL.
        let start = mmap(nil, byteCount, PROT_READ, CInt(MAP_SHARED), file.descriptor, 0)
        guard let start, start != MAP_FAILED else { throw SystemFailure("mmap", file.path) }
        bytes = UnsafeMutableRawBufferPointer(start: start, count: byteCount)
    }

    deinit { munmap(bytes.baseAddress, bytes.count) }

    /// Number of pages.
    public var pageCount: Int { bytes.count / Self.pageByteCount }

    /// The kernel swaps it page by page and not in huge pages, whatever is set for the machine.
    public func forbidHugePages() { madvise(bytes.baseAddress, bytes.count, CInt(MADV_NOHUGEPAGE)) }

    /// Some of the bytes, for reading.
    @_lifetime(borrow self)
    public func bytes(_ range: Range<Int>) -> RawSpan {
        let part = UnsafeRawBufferPointer(rebasing: bytes[range])
        // The memory lives as long as self, which the span borrows.
        return _overrideLifetime(RawSpan(_unsafeBytes: part), borrowing: self)
    }

    /// Some of the bytes, for writing.
    @_lifetime(borrow self)
    public func mutableBytes(_ range: Range<Int>) -> MutableRawSpan {
        let part = UnsafeMutableRawBufferPointer(rebasing: bytes[range])
        return _overrideLifetime(MutableRawSpan(_unsafeBytes: part), borrowing: self)
    }

    /// The bytes of a page, for reading.
    @_lifetime(borrow self)
    public func page(_ index: Int) -> RawSpan { bytes(range(of: index)) }

    /// Copies a page here.
    public func copy(page source: Int, of other: PageMemory, to target: Int) {
        bytes[range(of: target)].copyBytes(from: other.bytes[other.range(of: source)])
    }

    /// Marks a page: its first eight bytes become `stamp`.
    public func stamp(page index: Int, with stamp: UInt64) {
        bytes.storeBytes(of: stamp, toByteOffset: index * Self.pageByteCount, as: UInt64.self)
    }

    /// Whether a page is that page of `other`; with a stamp, but for its first eight bytes, which
    /// are the stamp.
    public func isPage(
        _ index: Int, equalTo source: Int, of other: PageMemory, stamp: UInt64? = nil
    ) -> Bool {
        let start = index * Self.pageByteCount
        if let stamp, bytes.load(fromByteOffset: start, as: UInt64.self) != stamp { return false }
        guard let mine = bytes.baseAddress, let theirs = other.bytes.baseAddress else {
            return false
        }
        let skipped = stamp == nil ? 0 : MemoryLayout<UInt64>.size
        return memcmp(
            mine + start + skipped, theirs + source * Self.pageByteCount + skipped,
            Self.pageByteCount - skipped) == 0
    }

    /// Reads the page that is `number` in a file, counted from 0, to a place here. False where the
    /// file ends before the page does.
    public func read(
        page number: Int, of file: OpenFile, to index: Int
    ) throws(SystemFailure) -> Bool {
        let place = range(of: index)
        var filled = 0
        while filled < Self.pageByteCount {
            let count = pread(
                file.descriptor, bytes.baseAddress.map { $0 + place.lowerBound + filled },
                Self.pageByteCount - filled,
                off_t(number) * off_t(Self.pageByteCount) + off_t(filled))
            guard count >= 0 else { throw SystemFailure("pread", file.path) }
            if count == 0 { return false }
            filled += count
        }
        return true
    }

    /// Writes the first pages to the start of a file.
    public func write(pageCount: Int, to file: OpenFile) throws(SystemFailure) {
        invariant(pageCount <= self.pageCount)
        let byteCount = pageCount * Self.pageByteCount
        var written = 0
        while written < byteCount {
            let count = pwrite(
                file.descriptor, bytes.baseAddress.map { $0 + written }, byteCount - written,
                off_t(written))
            guard count > 0 else { throw SystemFailure("pwrite", file.path) }
            written += count
        }
    }

    /// Whether a page holds anything but zeros.
    public func hasContent(page index: Int) -> Bool { bytes[range(of: index)].contains { $0 != 0 } }

    private func range(of index: Int) -> Range<Int> {
        invariant(index >= 0 && index < pageCount)
        return index * Self.pageByteCount..<(index + 1) * Self.pageByteCount
    }
}
