import SystemPackage

/// The kernel's compressed memory disk, one of our own.
public struct ZramDevice: Hashable, Sendable {
    private static let control = "/sys/class/zram-control"

    /// The N of /dev/zramN.
    public let index: Int

    /// The device's node.
    public var path: String { "/dev/zram\(index)" }

    /// True where the kernel makes zram devices on demand, and this process may ask for them.
    public static var canBeMade: Bool {
        (try? OpenFile("\(control)/hot_add", for: .reading)) != nil
    }

    /// Makes a device of `byteCount` bytes that compresses with this algorithm. Reading `hot_add`
    /// makes it. Throws the failure of the first step that fails; then no device is left.
    public init(byteCount: UInt64, compressor: String) throws(SystemFailure) {
        let path = "\(Self.control)/hot_add"
        guard let text = try SystemText.attribute(path), let index = Int(text) else {
            throw SystemFailure(call: "open", errno: .noSuchFileOrDirectory, path: path)
        }
        self.index = index
        do {
            try set("comp_algorithm", to: compressor)
            try set("disksize", to: "\(byteCount)")
        } catch {
            try? remove()
            throw error
        }
    }

    /// Resets and removes it. EBUSY while a program has it open or the kernel swaps to it.
    public func remove() throws(SystemFailure) {
        try set("reset", to: "1")
        _ = try SystemText.setAttribute("\(Self.control)/hot_remove", to: "\(index)")
    }

    private func set(_ name: String, to value: String) throws(SystemFailure) {
        let path = "/sys/block/zram\(index)/\(name)"
        guard try SystemText.setAttribute(path, to: value) else {
            throw SystemFailure(call: "open", errno: .noSuchFileOrDirectory, path: path)
        }
    }
}
