import LinuxSystem

/// What a result depends on besides the program: the machine it was measured on.
public struct MachineFacts: Codable, Equatable, Sendable {
    public let processorCount: Int
    public let memoryByteCount: UInt64

    /// The machine this runs on.
    public init() {
        processorCount = Machine.processorCount
        memoryByteCount = Machine.memoryByteCount
    }
}
