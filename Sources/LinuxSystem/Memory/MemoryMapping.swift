import Glibc

/// A part of this process's address space that may be accessed, as `/proc/self/maps` tells it.
///
///     55ff071b2000-55ff07493000 rw-p … /usr/bin/zswapfs      data of a file
///     55ff07493000-55ff07cb3000 rw-p …                       its variables that begin as zeros
struct MemoryMapping {
    /// From here on it is worth leaving out what was never touched, in bytes.
    private static let untouchedByteCountMin: UInt = 1 << 20

    let range: Range<UInt>
    /// The variables of a program or library that begin as zeros.
    let isZeroed: Bool

    var lowerBound: UInt { range.lowerBound }

    /// The mappings that a text in the form of `/proc/self/maps` names.
    static func parse(_ text: String) -> [MemoryMapping] {
        var mappings: [MemoryMapping] = []
        /// The end of the last line's mapping, if it is of a file.
        var fileEnd: UInt?
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: " ", maxSplits: 5)
            let ends = fields.first?.split(separator: "-") ?? []
            guard fields.count >= 5, ends.count == 2, let start = UInt(ends[0], radix: 16),
                let end = UInt(ends[1], radix: 16), start < end
            else { continue }
            let isOfFile = fields[4] != "0"
            if !fields[1].hasPrefix("---") {
                mappings.append(
                    MemoryMapping(range: start..<end, isZeroed: !isOfFile && fileEnd == start))
            }
            fileEnd = isOfFile ? end : nil
        }
        return mappings
    }

    /// The parts to bring into memory: all of the mapping, but for large parts of zeroed variables
    /// that were never touched. libfuse has 8 MiB of those for traces of calls that are not made
    /// here.
    var worthFilling: [Range<UInt>] {
        guard isZeroed, UInt(range.count) >= Self.untouchedByteCountMin else { return [range] }
        var parts: [Range<UInt>] = []
        var next = range.lowerBound
        for stretch in Self.absentStretches(range)
        where UInt(stretch.count) >= Self.untouchedByteCountMin {
            if stretch.lowerBound > next { parts.append(next..<stretch.lowerBound) }
            next = stretch.upperBound
        }
        if range.upperBound > next { parts.append(next..<range.upperBound) }
        return parts
    }

    /// Bytes of a range that are not in memory.
    static func absentByteCount(_ range: Range<UInt>) -> Int {
        absentStretches(range).reduce(0) { $0 + $1.count }
    }

    /// The parts of a range that are not in memory. If the kernel does not tell, as for its own
    /// pages, a part counts as present.
    private static func absentStretches(_ range: Range<UInt>) -> [Range<UInt>] {
        let pageByteCount = UInt(Privileges.kernelPageByteCount)
        var residency = [UInt8](repeating: 0, count: 1 << 12)
        var stretches: [Range<UInt>] = []
        let step = pageByteCount * UInt(residency.count)
        for start in stride(from: range.lowerBound, to: range.upperBound, by: Int(step)) {
            let byteCount = min(step, range.upperBound - start)
            guard
                mincore(
                    UnsafeMutableRawPointer(bitPattern: start), Int(byteCount), &residency) == 0
            else { continue }
            for index in 0..<byteCount / pageByteCount where residency[Int(index)] & 1 == 0 {
                let page = start + index * pageByteCount
                if let last = stretches.last, last.upperBound == page {
                    stretches[stretches.count - 1] = last.lowerBound..<page + pageByteCount
                } else {
                    stretches.append(page..<page + pageByteCount)
                }
            }
        }
        return stretches
    }
}
