import CLinux
import Glibc

/// The memory of a live process, read from outside: /proc/PID/mem.
public struct ProcessMemory {
    /// The process.
    public let process: Int32

    /// The memory of this process. Reading it needs the right to trace it.
    public init(of process: Int32) { self.process = process }

    /// What this process itself has mapped, in bytes: everything, and what counts as data.
    public static var ownUse: (totalByteCount: UInt64, dataByteCount: UInt64) {
        let text = (try? SystemText.read("/proc/self/status")) ?? ""
        func byteCount(_ name: String) -> UInt64 {
            let line = text.split(separator: "\n").first { $0.hasPrefix(name) }
            let number = line?.dropFirst(name.count).split { $0 == " " || $0 == "\t" }.first
            return (number.flatMap { UInt64($0) } ?? 0) << 10
        }
        return (byteCount("VmSize:"), byteCount("VmData:"))
    }

    /// Copies pages that the kernel would swap into the start of `memory` until it is full: private
    /// writable ones that hold anything but zeros. The value says how many there were. Throws what
    /// opening says, EACCES or ENOENT in most cases; pages that go meanwhile are left out.
    public func copyPages(into memory: PageMemory) throws(SystemFailure) -> Int {
        let file = try OpenFile("/proc/\(process)/mem", for: .reading)
        defer { file.close() }
        let pageByteCount = PageMemory.pageByteCount
        var count = 0
        for line in try SystemText.read("/proc/\(process)/maps").split(separator: "\n") {
            guard let range = Self.swappableRange(inLine: line) else { continue }
            for start in stride(from: range.lowerBound, to: range.upperBound, by: pageByteCount) {
                if count == memory.pageCount { return count }
                let place = memory.bytes.baseAddress.map { $0 + count * pageByteCount }
                let read = pread(file.descriptor, place, pageByteCount, off_t(start))
                if read == pageByteCount, memory.hasContent(page: count) { count += 1 }
            }
        }
        return count
    }

    /// Begin and end of a private writable mapping that stands for no device.
    private static func swappableRange(inLine line: some StringProtocol) -> Range<Int>? {
        let fields = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
        let ends = fields.first?.split(separator: "-") ?? []
        guard fields.count >= 5, fields[1] == "rw-p", ends.count == 2,
            let start = Int(ends[0], radix: 16), let end = Int(ends[1], radix: 16), start < end,
            fields.count < 6 || !fields[5].hasPrefix("/dev/")
        else { return nil }
        return start..<end
    }
}
