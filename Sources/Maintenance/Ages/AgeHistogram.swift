import SwapStore

/// A histogram of the pages in memory by coldness. It finds the coldest pages without a list of all
/// pages: a first walk counts, a second one takes the pages that are colder than a line.
///
///     coldness   0 ......................... 115 | 116 ....................... 231 | 232
///                not loaded since stored, or     | loaded once since stored,       | only passing
///                loaded again and again, by age  | by age                          | through
///                              colder  ─────────────────────────────────►
///
/// A page that was loaded once is in its reader's memory as well, so its reader needs it again
/// last. A page that is loaded repeatedly is in use: its last load counts like a store.
///
/// Law: of two pages of one kind the one used longer ago is never less cold. Ages up to a minute
/// are distinguished by the second, others by a fifth.
/// Price: 2 KiB, and a look at every entry.
struct AgeHistogram {
    /// Pages with a higher coldness are written back first.
    struct Coldness: Comparable {
        let rawValue: Int
        static func < (left: Coldness, right: Coldness) -> Bool { left.rawValue < right.rawValue }
    }

    private static let exactSecondsMax = 64
    private static let exactShift = 6
    /// Parts that each doubling of the age beyond that is cut into: a power of two.
    private static let partsShift = 2
    private static let ageStepCount =
        ageStep(LastUse.ageSecondsMax + LastUse.sweepSecondsMax) + 1
    private static let stepCount = 2 * ageStepCount + 1

    /// When the count began, in the store's seconds; ages are relative to it.
    let seconds: UInt64
    private var counts = [Int](repeating: 0, count: stepCount)
    /// Pages that were counted.
    private(set) var pageCount = 0

    init(at seconds: UInt64) { self.seconds = seconds }

    /// How cold a page was when the count began, as it is seen now; nil when it was used since.
    static func coldness(
        of use: LastUse, at seconds: UInt64, begun: UInt64
    ) -> Coldness? {
        if use.how == .passing { return Coldness(rawValue: stepCount - 1) }
        let age = use.ageSeconds(at: seconds) - Int(max(seconds, begun) - begun)
        guard age >= 0 else { return nil }
        let step = min(ageStep(age), ageStepCount - 1)
        return Coldness(rawValue: use.how == .loaded ? ageStepCount + step : step)
    }

    /// Counts a page that is seen now.
    mutating func add(_ use: LastUse, at seconds: UInt64) {
        guard let coldness = Self.coldness(of: use, at: seconds, begun: self.seconds) else {
            return
        }
        counts[coldness.rawValue] += 1
        pageCount += 1
    }

    /// The `pageCount` coldest pages, or all counted pages if they are fewer.
    func coldest(_ pageCount: Int) -> ColdestPages {
        var left = min(pageCount, self.pageCount)
        let wanted = left
        for step in counts.indices.reversed() where left > 0 {
            if counts[step] >= left {
                return ColdestPages(
                    line: Coldness(rawValue: step), seconds: seconds, countBeyond: wanted - left,
                    countAtLine: left)
            }
            left -= counts[step]
        }
        let beyondAll = Coldness(rawValue: Self.stepCount - 1)
        return ColdestPages(line: beyondAll, seconds: seconds, countBeyond: 0, countAtLine: 0)
    }

    private static func ageStep(_ seconds: Int) -> Int {
        guard seconds >= exactSecondsMax else { return seconds }
        let doublings = Int.bitWidth - 1 - seconds.leadingZeroBitCount
        let part = seconds >> (doublings - partsShift) & (1 << partsShift - 1)
        return exactSecondsMax + (doublings - exactShift) << partsShift + part
    }
}
