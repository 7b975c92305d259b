/// The findings of a step of a walk: the numbers of pages that it visited, that were done, and that
/// were not, by reason.
///
/// Law: visited is at least done plus skipped. The rest was passed, handed over or put off.
struct WalkTally: Sendable {
    /// Why a page was not done.
    enum Reason: Int, CaseIterable {
        /// Another thread stored, moved or discarded it meanwhile: the newer page wins.
        case changed
        /// Its area does not want it done.
        case notAllowed
        /// The stored bytes are not those that were written.
        case damaged
        /// It can't be looked at now: there is no codec for it, or its device does not answer.
        case unreadable
        /// There is no room for what it would become.
        case noRoom
        /// What it would become would be no smaller.
        case notSmaller
    }

    /// Pages that were visited.
    private(set) var visitedCount = 0
    /// Pages that were done.
    private(set) var doneCount = 0
    /// By reason.
    private var counts: InlineArray<6, Int> = .init(repeating: 0)
    /// Whether every area was visited before this step, which visited none.
    var isEnd = false

    /// Pages that were not done for this reason, put off ones included.
    subscript(reason: Reason) -> Int { counts[reason.rawValue] }

    /// Pages that were done or skipped, or put off.
    private(set) var judgedCount = 0

    /// Counts a visit.
    mutating func note(_ outcome: PageWalk.Outcome) {
        visitedCount += 1
        switch outcome {
        case .passed, .handedOver: return
        case .done: doneCount += 1
        case .skipped(let reason), .putOff(let reason): counts[reason.rawValue] += 1
        }
        judgedCount += 1
    }
}
