package import ZswapCore

/// The scrubber's position in its pass over all pages.
///
///     begin ─► a step, a step, … ─► end of the pass ─► begin
///       ▲                └── params/scrub is 0 ─► given up ─┘
///
/// Law: a pass begins at the first page of all, and each page that is stored from its begin to its
/// end is looked at once.
package struct ScrubWalk: Sendable {
    var pages = PageWalk()
    var isUnderWay = false

    /// A walk that has not begun.
    package init() {}
}

/// How a step of the scrubber ended.
package enum ScrubStep: Equatable, Sendable {
    /// `pageCount` pages were looked at; the parameter allows `pagesPerSecond`.
    case worked(pageCount: Int, pagesPerSecond: Int, damagedPages: [DamagedPage])
    /// Every area was visited.
    case endOfPass
    /// No pass is asked for.
    case idle
}

/// A page whose object differs from what was stored.
package struct DamagedPage: Equatable, Sendable {
    /// The name of its area at that time.
    package let area: ByteText
    /// The page in the area.
    package let page: PageNumber
    /// Whether it was on the backing store.
    package let isBacked: Bool

    /// For the log.
    package var message: String {
        let place = isBacked ? "on the backing store" : "in memory"
        return "page \(page.rawValue) of area \(area.printable) is damaged \(place): reading it"
            + " fails until it is written again"
    }
}
