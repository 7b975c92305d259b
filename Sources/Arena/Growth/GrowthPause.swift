/// Exponential back-off of the grower after a refusal, so that it does not keep asking a kernel
/// without memory.
///
///     refused ── 0.1 s ── refused ── 0.2 s ── refused ── … ── 3.2 s ── … ── granted: no pause
///
/// Law: the lanes and the reserve have separate pauses. A refusal for the reserve delays no lane.
struct GrowthPause {
    /// The pause of growing lanes.
    var lanes = CommitPause()
    /// The pause of filling the reserve.
    var reserve = CommitPause()

    /// Time until the first of both ends; nil: none is on.
    func remaining(at now: Int64) -> Int64? {
        let ends = [lanes.end, reserve.end].compactMap { $0 }
        return ends.min().map { max($0 - now, 0) }
    }
}

/// The pause after refusals of one kind. Times are those of `MonotonicClock.nanoseconds`.
struct CommitPause {
    private static let shortest: Int64 = 100_000_000
    private static let longest: Int64 = 3_200_000_000

    /// When to ask again; nil: the last answer was a grant.
    private(set) var end: Int64?
    private var length = Self.shortest

    func isOver(at now: Int64) -> Bool { end.map { now >= $0 } ?? true }

    /// Notes the answer to a request made at `now`.
    mutating func note(isRefused: Bool, at now: Int64) {
        guard isRefused else {
            self = CommitPause()
            return
        }
        end = now + length
        length = min(2 * length, Self.longest)
    }
}
