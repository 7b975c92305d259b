import LinuxSystem

/// The machine that a result was measured on, since the result depends on it.
public struct MachineFacts: Codable, Equatable, Sendable {
    /// Processors that are online.
    public let processorCount: Int
    /// The processors' name, as the kernel has it; empty where it has none.
    public let processor: String
    /// Bytes of memory.
    public let memoryByteCount: UInt64
    /// The kernel's release.
    public let kernel: String

    private enum CodingKeys: String, CodingKey {
        case processor, kernel
        case processorCount = "processor_count"
        case memoryByteCount = "memory_bytes"
    }

    /// The machine this runs on.
    public init() {
        processorCount = Machine.processorCount
        memoryByteCount = Machine.memoryByteCount
        kernel = (try? SystemText.attribute("/proc/sys/kernel/osrelease")) ?? ""
        let lines = ((try? SystemText.read("/proc/cpuinfo")) ?? "").split(separator: "\n")
        let model = lines.first { $0.hasPrefix("model name") }?.split(separator: ":").last
        processor = model.map { String($0.drop { $0 == " " }) } ?? ""
    }
}
