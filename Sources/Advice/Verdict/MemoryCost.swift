import ZswapCore

/// The memory that pages take once they are swapped out to a mount, term by term.
///
///     the pages | pools | entries | tables | records | fixed | reserve | daemon | saved |
///
/// Law: saved = the pages' bytes - the sum of all terms; negative where the mount costs more than
/// it gains.
package struct MemoryCost: Equatable, Sendable {
    /// Pages of a leaf of a page table, and bytes of one.
    private static let leafPageCount = 512
    private static let leafByteCount = 8192
    /// Leaves below one node, and bytes of one; bytes of an area's root.
    private static let nodeLeafCount = 2048
    private static let nodeByteCount = 8192
    private static let rootByteCount = 16384

    /// The pages as they are.
    package let pageByteCount: Int
    /// Frames of the pools, with headers, rounding and free rooms.
    package let pools: Int
    /// Entries of the page table, 16 bytes a page.
    package let entries: Int
    /// The levels of the table above the entries.
    package let tables: Int
    /// The arena's records of the pools' frames.
    package let records: Int
    /// Area directory, counters, superblock: the same for any number of pages.
    package let fixed: Int
    /// Kept ready for pages to come.
    package let reserve: Int
    /// The server with its threads, buffers and codecs, the supervisor and the standby.
    package let daemon: Int

    /// The cost of `pageCount` pages, of which `pool` is what grows with them. Swap slots are taken
    /// in order, so leaves of the table are full.
    package init(
        pageCount: Int, pool: PoolReplay.Memory, fixed: Int, reserve: Int, daemon: Int
    ) {
        let leafCount = (pageCount + Self.leafPageCount - 1) / Self.leafPageCount
        pageByteCount = pageCount * Page.byteCount
        pools = pool.poolByteCount
        entries = leafCount * Self.leafByteCount
        tables =
            (leafCount + Self.nodeLeafCount - 1) / Self.nodeLeafCount * Self.nodeByteCount
            + Self.rootByteCount
        records = pool.recordByteCount
        self.fixed = fixed
        self.reserve = reserve
        self.daemon = daemon
    }

    /// The sum of all terms.
    package var total: Int { pools + entries + tables + records + fixed + reserve + daemon }
    /// Bytes that become free; negative: the mount costs more than it gains.
    package var saved: Int { pageByteCount - total }
    /// Of the pages' bytes, those that become free.
    package var savedShare: Double {
        pageByteCount == 0 ? 0 : Double(saved) / Double(pageByteCount)
    }
    /// Bytes of pages like these from which on a mount gains more than it costs: its fixed terms by
    /// what a byte of pages gains. Nil when it never does.
    package var breakEvenByteCount: Int? {
        let gained = pageByteCount - pools - entries - tables - records
        guard gained > 0 else { return nil }
        let count = Double(fixed + reserve + daemon) / Double(gained) * Double(pageByteCount)
        return Int(exactly: count.rounded(.up))
    }
    /// The pages' bytes by those of the pools; nil when the pools are empty.
    package var ratio: Double? {
        pools == 0 ? nil : Double(pageByteCount) / Double(pools)
    }
}
