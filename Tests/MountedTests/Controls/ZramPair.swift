import Foundation
import LinuxSystem
import TestSupport

/// A zram device and an area of a mount of its own, to which the same things are done: pools of
/// zsmalloc with the same chain length on both sides, the same compressor, the same limit.
///
/// Law: the device is a new one, used here only, and gone when this is dropped.
final class ZramPair {
    /// The columns of mm_stat, in their order.
    static let columnNames = [
        "orig_data_size", "compr_data_size", "mem_used_total", "mem_limit", "mem_used_max",
        "same_pages", "pages_compacted", "huge_pages", "huge_pages_since",
    ]
    private static let pageByteCount = 4096
    private static let byteCount = 64 << 20

    /// The first preferred compressor that both of them know; nil: this machine has no zram, or
    /// they share none.
    static let compressor: String? = {
        guard MountHost.canMount, ZramDevice.canBeMade else { return nil }
        return ["lz4", "lzo"].first { name in
            guard let device = try? ZramDevice(byteCount: 4096, compressor: name) else {
                return false
            }
            defer { try? device.remove() }
            return (try? TemporaryMount("compressor=\(name)"))?.isCompressing(with: name) == true
        }
    }()
    static let need = "needs root, /dev/fuse, and a kernel that makes zram devices with lz4 or lzo"

    /// The chain length of the kernel's zsmalloc; where it does not say, its default.
    static let chainLength: Int = {
        let command = "zcat /proc/config.gz | sed -n 's/^CONFIG_ZSMALLOC_CHAIN_SIZE=//p'"
        let output = try? SwapHost.run("sh", ["-c", command]).1
        return output.flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) } ?? 8
    }()

    let mount: TemporaryMount
    private let device: ZramDevice
    private let area: MountedFile
    private let disk: MountedFile
    /// A page for direct I/O.
    private let memory = UnsafeMutableRawBufferPointer.allocate(
        byteCount: pageByteCount, alignment: pageByteCount)

    /// Both empty, with this limit.
    init(limit: String) throws {
        let compressor = Self.compressor ?? "lz4"
        mount = try TemporaryMount(
            "zpool=zsmalloc", "chain=\(Self.chainLength)", "compressor=\(compressor)",
            "compaction_enabled=N", "max_pool_percent=100", "max_pool_bytes=\(limit)")
        area = try mount.open("area", O_RDWR | O_CREAT | MountedFile.direct)
        try area.truncate(to: Self.byteCount)
        device = try ZramDevice(byteCount: UInt64(Self.byteCount), compressor: compressor)
        do {
            disk = try MountedFile(device.path, O_RDWR | MountedFile.direct)
        } catch {
            try device.remove()
            throw error
        }
        try set("mem_limit", limit)
    }

    deinit {
        try? disk.close()
        // Programs that look at every new disk may keep it for a moment.
        _ = Patience.wait(milliseconds: 5000) { (try? device.remove()) != nil }
        memory.deallocate()
    }

    private func set(_ name: String, _ value: String) throws {
        let isThere = try SystemText.setAttribute("\(directory)/\(name)", to: value)
        guard isThere else { throw CallFailure("open \(name)", ENOENT) }
    }

    private var directory: String { "/sys/block/\(device.path.dropFirst("/dev/".count))" }

    /// The errnos that writing a page met, 0 when it was taken: zram's, ours.
    func write(_ bytes: [UInt8], page: Int) -> (zram: CInt, ours: CInt) {
        memory.copyBytes(from: bytes)
        let source = UnsafeRawBufferPointer(memory)
        let offset = page * Self.pageByteCount
        return (
            SystemCall.errno { _ = try disk.write(source, at: offset) },
            SystemCall.errno { _ = try area.write(source, at: offset) }
        )
    }

    /// The bytes that a read of a page returns.
    func read(page: Int) throws -> (zram: [UInt8], ours: [UInt8]) {
        let offset = page * Self.pageByteCount
        _ = try disk.read(into: memory, at: offset)
        let zram = Array(memory)
        _ = try area.read(into: memory, at: offset)
        return (zram, Array(memory))
    }

    func discard(page: Int, count: Int = 1) throws {
        for file in [disk, area] {
            try file.allocate(
                MountedFile.punchHole | MountedFile.keepSize, at: page * Self.pageByteCount,
                count: count * Self.pageByteCount)
        }
    }

    func compact() throws {
        try set("compact", "1")
        try mount.set("params/compact", "1")
    }

    func setLimit(_ limit: String) throws {
        try set("mem_limit", limit)
        try mount.set("params/max_pool_bytes", limit)
    }

    /// The nine columns.
    func columns() throws -> (zram: [Int], ours: [Int]) {
        func numbers(_ text: String?) -> [Int] {
            (text ?? "").split(separator: " ").compactMap { Int($0) }
        }
        return (
            numbers(try SystemText.attribute("\(directory)/mm_stat")),
            numbers(try mount.control("stats/mm_stat"))
        )
    }
}

extension TemporaryMount {
    fileprivate func isCompressing(with name: String) -> Bool {
        (try? control("params/compressor")) == name
    }
}
