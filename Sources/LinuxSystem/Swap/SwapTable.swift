/// The kernel's table of swap areas: /proc/swaps.
public struct SwapTable: Equatable, Sendable {
    /// One device or file that is swapped to.
    public struct Entry: Equatable, Sendable {
        /// Its path, as it was when swapping to it began; with the mark of a removed file if its
        /// node has gone.
        public let path: String
        /// A device, not a file of a filesystem.
        public let isDevice: Bool
        /// Capacity of the swap area, in bytes.
        public let byteCount: UInt64
        /// The part of it in use, in bytes.
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

    /// The entry of this loop device, also when its node has been renamed or removed since swapon:
    /// found by device number, or, for an entry without one, by name or size.
    public func entry(for device: LoopDevice) -> Entry? {
        let number = device.number
        let numbered = entries.map { ($0, $0.device) }
        if let found = numbered.first(where: { $0.1 == number }) { return found.0 }
        let others = entries.indices.filter { numbered[$0].1 == nil && entries[$0].isDevice }
            .map { entries[$0] }
        if let named = others.first(where: { KernelPath($0.path).path == device.path }) {
            return named
        }
        guard device.backingPath != nil else { return nil }
        let byteCount = device.byteCount
        return others.first { $0.isWhole(deviceOfByteCount: byteCount) }
    }
}

extension SwapTable.Entry {
    /// The swap header's page is not counted.
    private static let headerByteCount: UInt64 = 4096

    /// The number of the device; nil for a file, and where neither the node nor its name tells.
    ///
    /// The path is only a hint: the table names the node that was there when swapping began, as
    /// seen from the root of the reading process. A loop device that the hint leads to must be
    /// attached and hold what the table says.
    public var device: DeviceNumber? {
        guard isDevice else { return nil }
        let node = try? OpenFile(path, for: .locating).statusInMemory()
        if let node, node.kind == .blockDevice, mayBe(node.specialDevice) {
            return node.specialDevice
        }
        // What the kernel calls its own device, wherever the node was.
        let name = KernelPath(path).name
        let text = (try? SystemText.attribute("/sys/class/block/\(name)/dev")) ?? nil
        let number = text.flatMap { DeviceNumber(parsing: $0) }
        return number.flatMap { mayBe($0) ? $0 : nil }
    }

    private func mayBe(_ number: DeviceNumber) -> Bool {
        guard number.major == LoopDevice.major else { return true }
        guard let device = LoopDevice.device(numbered: number) else { return false }
        return device.byteCount / Self.headerByteCount > byteCount / Self.headerByteCount
    }

    /// Whether a device of this length is full with this area, but for a part of a page.
    fileprivate func isWhole(deviceOfByteCount length: UInt64) -> Bool {
        length / Self.headerByteCount == byteCount / Self.headerByteCount + 1
    }
}

extension SwapTable.Entry {
    init?(parsing line: some StringProtocol) {
        let fields = line.split { $0 == " " || $0 == "\t" }
        guard fields.count == 5, let kibibytes = UInt64(fields[2]), let used = UInt64(fields[3]),
            let priority = Int(fields[4])
        else { return nil }
        self.init(
            path: KernelEscapes.decode(fields[0]), isDevice: fields[1] == "partition",
            byteCount: kibibytes << 10,
            usedByteCount: used << 10, priority: priority)
    }
}
