import SwapStore

/// The recompressor's position in its round over all pages.
///
///     resting ─► counting ─► packing the oldest ─► … ─► packing the youngest ─► resting
///        ▲           └─ no page is to be tried ─────────────────────────────────┘
///
/// Law: a page is tried once after it has become cold: in the round that counts it first, since the
/// next one tries only pages that became cold after this one began. So nothing has to be noted at a
/// page that gained nothing. When settings change, and in another process, all cold pages are tried
/// again.
package struct TierSweep: Sendable {
    enum Phase: Equatable {
        case resting, counting
        /// Pages of an age class are recompressed.
        case packing(ageClass: Int)
    }

    var phase = Phase.resting
    var walk = PageWalk()
    /// The request that this round is for; nil: it is for pages that became cold.
    var request: PageSelection?
    /// The number of the change of settings that this round knows.
    var changeNumber: UInt64 = 0
    /// When this round began, in the store's seconds. Ages are those of that moment.
    var begun: UInt64 = 0
    /// When the last round for cold pages began that left none of them; nil: there was none since
    /// settings changed.
    var lastBegun: UInt64?
    /// By age class, how many pages are to be tried.
    var counts = InlineArray<20, Int>(repeating: 0)
    var held = TierTally()
    /// Seconds until the next page becomes cold.
    var restSeconds = 0
    /// Seconds until the next round at least.
    var restSecondsMin = 1
    /// Pages that changed during every try.
    var contestedCount = 0

    /// A round that has not begun.
    package init() {}

    /// The class of an age: that of seconds is the number of their bits.
    static func ageClass(_ seconds: Int) -> Int {
        min(Int.bitWidth - max(seconds, 0).leadingZeroBitCount, 19)
    }

    /// The oldest class below `limit` that has pages; nil: there is none.
    func oldestClass(below limit: Int) -> Int? {
        (0..<min(limit, counts.count)).last { counts[$0] > 0 }
    }

    /// Begins a round.
    mutating func begin(for request: PageSelection?, change: UInt64, at seconds: UInt64) {
        if change != changeNumber { lastBegun = nil }
        self.request = request
        changeNumber = change
        begun = seconds
        counts = InlineArray(repeating: 0)
        held = TierTally()
        contestedCount = 0
        walk = PageWalk()
        phase = .counting
    }

    mutating func pack(_ ageClass: Int) {
        walk = PageWalk()
        phase = .packing(ageClass: ageClass)
    }

    /// The round is over.
    mutating func end() {
        phase = .resting
        if request == nil, contestedCount == 0 { lastBegun = begun }
    }
}

/// How a step of the recompressor ended.
package enum TierStep: Equatable, Sendable {
    /// There is more to do.
    case worked
    /// The pools have no room; the next step begins with the same page.
    case waitsForRoom
    /// The round is over; no page becomes cold before this many seconds.
    case rests(seconds: Int)
    /// No page is to be recompressed, whatever its age.
    case idle
}
