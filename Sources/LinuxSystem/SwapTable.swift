/// What the kernel swaps to: /proc/swaps.
public struct SwapTable: Equatable, Sendable {
    /// One device or file that is swapped to.
    public struct Entry: Equatable, Sendable {
        /// Its path, as it was when swapping to it began.
        public let path: String
        /// What it can hold, in bytes.
        public let byteCount: UInt64
        /// What it holds, in bytes.
        public let usedByteCount: UInt64
        /// Higher ones are filled first.
        public let priority: Int
    }

    /// In the kernel's order.
    public let entries: [Entry]

    /// The table as it is now; empty for a kernel without swap.
    public static func current() throws(SystemFailure) -> SwapTable {
        SwapTable(parsing: try SystemText.attribute("/proc/swaps") ?? "")
    }

    /// The table that `text` spells. The heading and lines that are no entries are left out.
    public init(parsing text: String) {
        entries = text.split(separator: "\n").compactMap(Entry.init(parsing:))
    }

    /// The entry of this loop device, under whatever name it was switched on.
    public func entry(for device: LoopDevice) -> Entry? {
        entries.first { entry in
            if entry.path == device.path { return true }
            let status = try? OpenFile(entry.path, for: .locating).status()
            return status?.kind == .blockDevice && status?.specialDevice == device.number
        }
    }
}

extension SwapTable.Entry {
    init?(parsing line: some StringProtocol) {
        let fields = line.split { $0 == " " || $0 == "\t" }
        guard fields.count == 5, let kibibytes = UInt64(fields[2]), let used = UInt64(fields[3]),
            let priority = Int(fields[4])
        else { return nil }
        self.init(
            path: KernelEscapes.decode(fields[0]), byteCount: kibibytes << 10,
            usedByteCount: used << 10, priority: priority)
    }
}
