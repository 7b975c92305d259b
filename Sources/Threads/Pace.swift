/// Work and rest in turns, for a background thread: it takes a share of a processor.
///
///     work >= 25 µs | rest, `restFactor` times as long as the work | work | ...
///
/// A share is one of the usual ones, or any percentage.
///
/// Law: rests fall between two steps of the work, while nothing is held.
public struct Pace {
    /// How much of a thread's time is work.
    public enum Share: Int64 {
        /// As much rest as work.
        case half = 1
        /// Four times as much rest.
        case fifth = 4

        /// A rest is this many times as long as the work before it.
        fileprivate var restFactor: Int64 { rawValue }
    }

    private static let workNanoseconds: Int64 = 25_000

    /// Work begins now.
    public init() {}

    private var begin = MonotonicClock.nanoseconds

    /// Rests if it has worked for long enough.
    public mutating func rest(_ share: Share, _ thread: BackgroundThread) {
        rest(thread) { $0 * share.restFactor }
    }

    /// The same for a share in percent: 1 ... 100.
    public mutating func rest(percent: Int, _ thread: BackgroundThread) {
        let percent = Int64(min(max(percent, 1), 100))
        rest(thread) { $0 * (100 - percent) / percent }
    }

    private mutating func rest(_ thread: BackgroundThread, _ length: (Int64) -> Int64) {
        let worked = MonotonicClock.nanoseconds - begin
        guard worked >= Self.workNanoseconds else { return }
        let rest = length(worked)
        if rest > 0 { thread.rest(nanoseconds: rest) }
        begin = MonotonicClock.nanoseconds
    }
}
