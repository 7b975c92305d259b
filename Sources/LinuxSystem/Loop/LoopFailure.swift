/// The reason why a file got no loop device, or keeps it, in words for people.
public struct LoopFailure: Error, Equatable, Sendable, CustomStringConvertible {
    /// Whether the kernel has no device to give, or the device is in use.
    enum Kind { case unavailable, inUse }

    /// The device or path, and how to proceed.
    public let description: String
    /// True when a program uses the device, which may end; false when the kernel has none to give.
    public let isInUse: Bool

    init(_ kind: Kind, _ description: String) {
        self.description = description
        isInUse = kind == .inUse
    }
}
