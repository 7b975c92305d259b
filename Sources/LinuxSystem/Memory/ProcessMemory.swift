import CLinux
import Glibc
import SystemPackage

/// The memory of a live process, read from outside: /proc/PID/mem.
public struct ProcessMemory {
    /// The process.
    public let process: Int32

    /// The memory of this process. Reading it needs the right to trace it.
    public init(of process: Int32) { self.process = process }

    /// The bytes that this process itself has mapped: in total, and those that count as data.
    public static var ownUse: (totalByteCount: UInt64, dataByteCount: UInt64) {
        guard let status = ProcessStatus() else { return (0, 0) }
        return (status.byteCount(of: "VmSize"), status.byteCount(of: "VmData"))
    }

    /// The pages that the kernel would swap: private ones that stand for no file and were used,
    /// whether they are in memory or swapped out now. Pages of zeros that the process wrote are
    /// among them.
    ///
    /// A kernel that does not tell which pages were used (no /proc/PID/pagemap) makes it a look at
    /// all writable memory for whatever is not zeros. Throws what opening says, EACCES or ENOENT in
    /// most cases.
    public func swappablePages() throws(SystemFailure) -> ProcessPages {
        let mappings = try SystemText.read("/proc/\(process)/maps").split(separator: "\n")
            .compactMap { Mapping(parsing: $0) }
        var pages = ProcessPages()
        guard let map = try pageMap() else {
            for mapping in mappings where mapping.isWritable {
                try addContents(of: mapping, to: &pages)
            }
            return pages
        }
        defer { map.close() }
        for mapping in mappings { Self.add(mapping.pages, of: map, to: &pages, Self.isUsed) }
        return pages
    }

    /// The pages of ``swappablePages()`` that the kernel would swap for this process alone: those
    /// that no other process shares, outside of memory that is locked, of huge pages or of a
    /// device. Only mappings that have some are looked through, so that an address range of
    /// terabytes that is merely reserved costs nothing.
    ///
    /// Throws EACCES or EPERM for a process of another user, ENOENT or ESRCH for one that has
    /// ended.
    public func ownPages() throws(SystemFailure) -> ProcessPages {
        let mappings = ProcessMapping.parse(try SystemText.read("/proc/\(process)/smaps"))
        // Reading the contents may need more rights than looking for them.
        try open().close()
        let map = try OpenFile("/proc/\(process)/pagemap", for: .reading)
        defer { map.close() }
        var pages = ProcessPages()
        for mapping in mappings where mapping.hasOwnPages {
            Self.add(mapping.pages, of: map, to: &pages, Self.isOwn)
        }
        return pages
    }

    /// Copies these pages into `memory` from its page `first` on, as many as fit. Pages that have
    /// gone meanwhile are left out, and pages of zeros if so asked. The value says how many there
    /// are.
    public func copy(
        _ pages: [Int], leavingOutZeros: Bool = false, into memory: PageMemory, at first: Int = 0
    ) throws(SystemFailure) -> Int {
        let file = try open()
        defer { file.close() }
        var end = first
        for page in pages where end < memory.pageCount {
            guard Self.read(page, of: file, into: memory, at: end) else { continue }
            if !leavingOutZeros || memory.hasContent(page: end) { end += 1 }
        }
        return end - first
    }

    private func open() throws(SystemFailure) -> OpenFile {
        try OpenFile("/proc/\(process)/mem", for: .reading)
    }

    private static func read(
        _ page: Int, of file: OpenFile, into memory: PageMemory, at index: Int
    ) -> Bool {
        let byteCount = PageMemory.pageByteCount
        let place = memory.bytes.baseAddress.map { $0 + index * byteCount }
        return pread(file.descriptor, place, byteCount, off_t(page) * off_t(byteCount)) == byteCount
    }

    /// The kernel's list of pages; nil where it has none, or where its pages are longer than ours.
    private func pageMap() throws(SystemFailure) -> OpenFile? {
        guard Privileges.kernelPageByteCount == PageMemory.pageByteCount else { return nil }
        do {
            return try OpenFile("/proc/\(process)/pagemap", for: .reading)
        } catch {
            guard error.errno == .noSuchFileOrDirectory else { throw error }
            return nil
        }
    }

    private static func add(
        _ range: Range<Int>, of map: OpenFile, to pages: inout ProcessPages,
        _ isWanted: (UInt64) -> Bool
    ) {
        let wordByteCount = MemoryLayout<UInt64>.size
        var words = [UInt64](repeating: 0, count: 1 << 15)
        var first = range.lowerBound
        while first < range.upperBound {
            let wanted = min(words.count, range.upperBound - first)
            let byteCount = words.withUnsafeMutableBytes { buffer in
                pread(
                    map.descriptor, buffer.baseAddress, wanted * wordByteCount,
                    off_t(first) * off_t(wordByteCount))
            }
            // The mapping has gone meanwhile.
            guard byteCount >= wordByteCount else { return }
            let count = byteCount / wordByteCount
            for index in 0..<count where isWanted(words[index]) { pages.append(first + index) }
            first += count
        }
    }

    /// Whether this word of the kernel's list is that of a page of the process's own.
    private static func isUsed(_ word: UInt64) -> Bool {
        let (isPresent, isSwapped, isOfFile) = (word >> 63 & 1, word >> 62 & 1, word >> 61 & 1)
        return isPresent | isSwapped == 1 && isOfFile == 0
    }

    /// Whether it is, and no other process has it. The kernel does not tell who shares a page that
    /// is swapped out, so each of those counts.
    private static func isOwn(_ word: UInt64) -> Bool {
        let (isSwapped, isExclusive) = (word >> 62 & 1, word >> 56 & 1)
        return isUsed(word) && isSwapped | isExclusive == 1
    }

    private func addContents(
        of mapping: Mapping, to pages: inout ProcessPages
    ) throws(SystemFailure) {
        let file = try open()
        defer { file.close() }
        let scratch = try PageMemory(pageCount: 1)
        for page in mapping.pages where Self.read(page, of: file, into: scratch, at: 0) {
            if scratch.hasContent(page: 0) { pages.append(page) }
        }
    }

    /// A private mapping that stands for no device.
    private struct Mapping {
        let pages: Range<Int>
        let isWritable: Bool

        init?(parsing line: some StringProtocol) {
            let fields = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
            let ends = fields.first?.split(separator: "-") ?? []
            guard fields.count >= 5, fields[1].hasSuffix("p"), ends.count == 2,
                let start = Int(ends[0], radix: 16), let end = Int(ends[1], radix: 16), start < end
            else { return nil }
            // [vvar], [vdso] and the like are the kernel's.
            let name = fields.count < 6 ? "" : fields[5]
            guard !name.hasPrefix("/dev/"), !name.hasPrefix("[v") else { return nil }
            let byteCount = PageMemory.pageByteCount
            pages = start / byteCount..<end / byteCount
            isWritable = fields[1].hasPrefix("rw")
        }
    }
}
