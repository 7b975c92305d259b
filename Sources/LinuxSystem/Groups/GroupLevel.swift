import CLinux
import Glibc

/// One limit of one memory cgroup, with the usage that counts against it. Its files stay open.
///
///     | usage ............. | of which: clean file cache | aside | room ....... | limit
///
/// Law: room = limit - usage + clean file cache - what is kept aside. The kernel drops clean file
/// cache before it kills a process.
final class GroupLevel: Sendable {
    /// Limits of a group by their files, with the file of the usage.
    private static let files: (version1: [(String, String)], version2: [(String, String)]) = (
        [
            ("memory.limit_in_bytes", "memory.usage_in_bytes"),
            ("memory.memsw.limit_in_bytes", "memory.memsw.usage_in_bytes"),
        ],
        // Above `high` the kernel throttles every process of the group, without end if it must.
        [("memory.max", "memory.current"), ("memory.high", "memory.current")]
    )
    /// From here on a number stands for "no limit".
    private static let unlimited = Int.max / 2
    /// Kept aside: what the kernel and the heap take meanwhile, and what it counts ahead.
    private static let asideByteCounts = 4 << 20...32 << 20
    private static let asideShare = 32

    private let directory: String
    private let isVersion2: Bool
    private let limit: CInt
    private let usage: CInt

    private init?(_ directory: String, _ limitName: String, _ usageName: String, _ isVersion2: Bool)
    {
        let limit = clinux_open("\(directory)/\(limitName)", O_RDONLY | O_CLOEXEC, 0)
        guard limit >= 0 else { return nil }
        let usage = clinux_open("\(directory)/\(usageName)", O_RDONLY | O_CLOEXEC, 0)
        guard usage >= 0 else {
            close(limit)
            return nil
        }
        self.directory = directory
        self.isVersion2 = isVersion2
        self.limit = limit
        self.usage = usage
    }

    deinit {
        close(limit)
        close(usage)
    }

    /// The limits that this group can have.
    static func limits(of directory: String, isVersion2: Bool) -> [GroupLevel] {
        (isVersion2 ? files.version2 : files.version1).compactMap {
            GroupLevel(directory, $0.0, $0.1, isVersion2)
        }
    }

    /// Nil without a limit.
    var room: MemoryAllowance.Room? {
        guard let (limit, free) = free else { return nil }
        return MemoryAllowance.Room(
            group: directory, limitByteCount: limit, byteCount: free + cleanByteCount)
    }

    /// Looks for clean file cache only when it is needed: that costs the kernel more.
    func hasRoom(forByteCount byteCount: Int) -> Bool {
        guard let (_, free) = free, free < byteCount else { return true }
        return free + cleanByteCount >= byteCount
    }

    /// The limit, and what is left below it without dropping anything; nil without a limit, also
    /// when the group is gone.
    private var free: (limit: Int, byteCount: Int)? {
        guard let limit = Self.number(limit), limit < Self.unlimited,
            let usage = Self.number(usage)
        else { return nil }
        let aside = min(
            max(limit / Self.asideShare, Self.asideByteCounts.lowerBound),
            Self.asideByteCounts.upperBound)
        return (limit, limit - min(usage, Self.unlimited) - aside)
    }

    private var cleanByteCount: Int {
        guard let text = try? SystemText.read("\(directory)/memory.stat") else { return 0 }
        return Self.cleanByteCount(in: text, isVersion2: isVersion2)
    }

    /// The bytes of file cache that can be dropped at once, by the text of `memory.stat`.
    static func cleanByteCount(in text: String, isVersion2: Bool) -> Int {
        let prefix = isVersion2 ? "" : "total_"
        let dirty = isVersion2 ? ["file_dirty", "file_writeback"] : ["dirty", "writeback"]
        var byteCount = 0
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 2, words[0].hasPrefix(prefix), let number = Int(words[1]),
                (0..<unlimited).contains(number)
            else { continue }
            let name = words[0].dropFirst(prefix.count)
            if name == "inactive_file" || name == "active_file" {
                byteCount += min(number, unlimited - byteCount)
            } else if dirty.contains(String(name)) {
                byteCount -= min(number, unlimited + byteCount)
            }
        }
        return max(byteCount, 0)
    }

    /// The number a file says; nil for `max`, or when it cannot be read.
    static func number(_ descriptor: CInt) -> Int? {
        var bytes = InlineArray<32, UInt8>(repeating: 0)
        let count = withUnsafeMutableBytes(of: &bytes) { pread(descriptor, $0.baseAddress, 32, 0) }
        var number: Int?
        for index in 0..<max(count, 0) {
            let digit = Int(bytes[index]) - Int(UInt8(ascii: "0"))
            guard (0...9).contains(digit) else { break }
            // Version 1 says nearly 2^63 where there is no limit.
            let (product, isLarge) = (number ?? 0).multipliedReportingOverflow(by: 10)
            let (sum, isLarger) = product.addingReportingOverflow(digit)
            number = isLarge || isLarger ? Int.max : sum
        }
        return number
    }
}
