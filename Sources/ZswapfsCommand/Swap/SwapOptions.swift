import LinuxSystem
import ZswapCore

/// The options of `swap on`, with every value in its range.
struct SwapOptions: Equatable {
    /// The size of a new area when none is asked for. An area takes memory for what is written
    /// only.
    static let byteCountDefault: UInt64 = 1 << 30
    /// The priorities that swapon(8) takes; -1 leaves the choice to the kernel.
    static let priorities = -1...32767

    /// Bytes that the area shall have at least, a multiple of the page; nil keeps an area's size.
    var byteCount: UInt64?
    /// nil leaves the choice to the kernel.
    var priority: Int?
    /// The discards that the kernel sends to the area for free slots.
    var discard: SwapActivation.Discard = .pages
    /// The loop device's work stays on the processor that swaps (``LocalWorkers``).
    var isLocal = false
    /// Number of pages that the kernel reads at once, as a power of two; nil leaves it as it is.
    var readahead: Int?

    init() {}

    /// The options as typed. Throws a usage failure that names option, value and range.
    init(
        size: String?, priority: String?, discard: String, isLocal: Bool = false,
        readahead: String? = nil, memoryByteCount: UInt64 = Machine.memoryByteCount
    ) throws(CommandFailure) {
        self.isLocal = isLocal
        self.readahead = try readahead.map(Self.readahead(parsing:))
        if let size { byteCount = try Self.byteCount(parsing: size, ofWhole: memoryByteCount) }
        self.priority = try priority.map(Self.priority(parsing:)) ?? nil
        self.discard = try Self.discard(parsing: discard)
    }

    private static func byteCount(
        parsing text: String, ofWhole memoryByteCount: UInt64
    ) throws(CommandFailure) -> UInt64 {
        guard let size = ByteSize(parsing: text, ofWhole: memoryByteCount) else {
            throw CommandFailure(
                .usage,
                "--size \(text): not a size; give bytes, a whole number with K, M, G or T, or a "
                    + "share of the memory, 1% to 1000%")
        }
        guard size.bytes >= SwapHeader.byteCountMin else {
            throw CommandFailure(
                .usage,
                "--size \(text): too small; a swap area has at least "
                    + "\(SwapHeader.pageCountMin) pages, \(SwapHeader.byteCountMin) bytes")
        }
        guard size.bytes <= Limits.areaByteCountMax else {
            throw CommandFailure(.usage, "--size \(text): too big; an area has at most 16T")
        }
        let page = UInt64(Page.byteCount)
        return (size.bytes + page - 1) / page * page
    }

    private static func priority(parsing text: String) throws(CommandFailure) -> Int? {
        guard let priority = Int(text), priorities.contains(priority) else {
            throw CommandFailure(
                .usage,
                "--priority \(text): not a whole number from \(priorities.lowerBound) "
                    + "to \(priorities.upperBound)")
        }
        return priority < 0 ? nil : priority
    }

    private static func readahead(parsing text: String) throws(CommandFailure) -> Int {
        let orders = SwapReadahead.orders
        guard let order = Int(text), orders.contains(order) else {
            throw CommandFailure(
                .usage,
                "--readahead \(text): not a whole number from \(orders.lowerBound) (one page) to "
                    + "\(orders.upperBound) (32 pages, the most that the kernel reads at once)")
        }
        return order
    }

    private static func discard(
        parsing text: String
    ) throws(CommandFailure) -> SwapActivation.Discard {
        switch text {
        case "pages": return .pages
        case "once": return .once
        case "none": return .none
        default:
            throw CommandFailure(.usage, "--discard \(text): not one of pages, once, none")
        }
    }
}
