/// Limits how soon a server that died is replaced: at once a few times, then once in ten seconds,
/// so that a server that always dies takes no processor and fills no log.
///
///     dies  at once ×5 within 10 s ── 10 s ── 10 s ── … ── lived for 10 s: at once again
///
/// Law: no clock of its own; times are what the caller says.
struct RestartLimit {
    /// Restarts within ``pauseNanoseconds`` that are made at once.
    static let burstCount = 5
    /// Between two restarts after ``burstCount`` of them.
    static let pauseNanoseconds: Int64 = 10_000_000_000

    /// The times of the last restarts, oldest first; at most ``burstCount``.
    private var restarts: [Int64] = []
    private var isSlow = false

    /// The time to replace a server that died at `death`: then or later. Counts as a restart.
    mutating func restart(after death: Int64) -> Int64 {
        let last = restarts.last ?? .min / 2
        if death - last >= Self.pauseNanoseconds { isSlow = false }
        if restarts.count == Self.burstCount, death - restarts[0] < Self.pauseNanoseconds {
            isSlow = true
        }
        let moment = isSlow ? max(death, last + Self.pauseNanoseconds) : death
        restarts.append(moment)
        if restarts.count > Self.burstCount { restarts.removeFirst() }
        return moment
    }
}
