/// When the scrubber may look at its next pages.
///
///     step of 8 pages ──── 8 seconds / pages a second ────► step of 8 pages ──── …
///
/// Laws: never more pages a second than `params/scrub` sets, so a delay is not made up for. Never
/// more than a fifth of a thread's time, or of a backing device's, whatever `params/scrub` sets.
struct ScrubPace {
    private static let nanosecondsPerSecond: Int64 = 1_000_000_000
    /// Pages of a step at most; it looks at a leaf of entries at most.
    private static let stepPageCountMax = 8
    /// Steps that a second is divided into before a step gets more than one page.
    private static let stepsPerSecond = 100
    /// A rest is at least this many times as long as the work before it.
    private static let restFactor: Int64 = 4

    private var due = Int64.min

    /// How many pages a step has at this pace.
    static func stepPageCount(pagesPerSecond: Int) -> Int {
        min(max(pagesPerSecond / stepsPerSecond, 1), stepPageCountMax)
    }

    /// A step from `begin` to `end` looked at some pages. Returns when the next one may begin.
    mutating func note(
        pageCount: Int, pagesPerSecond: Int, from begin: Int64, to end: Int64
    ) -> Int64 {
        let wait = Int64(pageCount) * Self.nanosecondsPerSecond / Int64(max(pagesPerSecond, 1))
        due = max(max(due, begin) + wait, end + (end - begin) * Self.restFactor)
        return due
    }
}
