import SwapStore
import ZswapCore

/// The use of an area by the kernel's swap, and the area's contents, at one moment.
///
///     stored pages:  | header | pages that swap may ask for | stale pages |
///                             | used of the device ........ |
///
/// A page is stale when its swap slot is free again: the kernel will not read it, but the area
/// holds it, since the kernel discards a cluster of 512 slots at once, or not at all.
///
/// Law: the number of stale pages is a lower bound. Slots of all-zero pages (Linux 6.12 and later),
/// and of pages that the kernel's own zswap holds, are in use, but their pages never reach the
/// area.
public struct SwapUse: Equatable, Sendable {
    /// The swap header is stored and has no slot.
    private static let headerPageCount = 1
    /// Fewer than 1 stale page in `share` stored ones are not reported.
    private static let share = 8
    /// Fewer bytes of stale pages than this are not reported.
    private static let byteCountMin = 1 << 20

    /// Slots of the device in use.
    public var usedPageCount: Int
    /// Pages that the area held just before.
    public var storedPageCount: Int

    /// Creates a use from the two counts.
    public init(usedPageCount: Int, storedPageCount: Int) {
        self.usedPageCount = usedPageCount
        self.storedPageCount = storedPageCount
    }

    /// The least number of stale pages, if the area holds `storedPageCount` pages now: pages stored
    /// since have slots that were not counted yet, pages discarded since do not count any more.
    func stalePageCount(storedNow storedPageCount: Int) -> Int {
        let stored = min(self.storedPageCount, storedPageCount)
        return max(stored - Self.headerPageCount - usedPageCount, 0)
    }

    static func isWorthTelling(stalePageCount: Int, storedPageCount: Int) -> Bool {
        stalePageCount * share > storedPageCount
            && stalePageCount * Page.byteCount > byteCountMin
    }
}

extension ControlFacts {
    /// The least number of stale pages of an area; 0 for one that is not swapped to.
    func stalePageCount(of area: AreaReport) -> Int {
        devices.first { $0.slot == area.slot && $0.use != nil }?.use?
            .stalePageCount(storedNow: area.statistics.storedPageCount) ?? 0
    }

    /// The same of all areas together.
    func stalePageCount(of areas: [AreaReport]) -> Int {
        areas.reduce(0) { $0 + stalePageCount(of: $1) }
    }
}
