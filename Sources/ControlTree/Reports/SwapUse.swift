import SwapStore
import ZswapCore

/// How far the kernel's swap uses an area, and what the area held, at one moment.
///
///     stored pages:  | header | pages that swap may ask for | stale pages |
///                             | used of the device ........ |
///
/// A page is stale when its swap slot is free again: nobody can ask for it, but the area holds it,
/// since the kernel discards a cluster of 512 slots at once, or not at all.
///
/// Law: what is told is a lower bound. Slots of all-zero pages (Linux 6.12 and later), and of pages
/// that the kernel's own zswap holds, are used and never reach us.
public struct SwapUse: Equatable, Sendable {
    /// The swap header is stored and has no slot.
    private static let headerPageCount = 1
    /// Less than one stale page in so many stored ones is not worth a word.
    private static let share = 8
    /// Nor is less than that.
    private static let byteCountMin = 1 << 20

    /// Slots of the device in use.
    public var usedPageCount: Int
    /// Pages that the area held just before.
    public var storedPageCount: Int

    /// What was found.
    public init(usedPageCount: Int, storedPageCount: Int) {
        self.usedPageCount = usedPageCount
        self.storedPageCount = storedPageCount
    }

    /// At least so many pages are stale, if the area holds `storedPageCount` now: what came since
    /// then has slots that were not counted yet, what went does not count any more.
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
    /// At least so many pages of an area are stale; 0 for one that is not swapped to.
    func stalePageCount(of area: AreaReport) -> Int {
        devices.first { $0.slot == area.slot && $0.use != nil }?.use?
            .stalePageCount(storedNow: area.statistics.storedPageCount) ?? 0
    }

    /// The same of all areas together.
    func stalePageCount(of areas: [AreaReport]) -> Int {
        areas.reduce(0) { $0 + stalePageCount(of: $1) }
    }
}
