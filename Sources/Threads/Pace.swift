/// Work and rest in turns, for a background thread: it takes a share of a processor.
///
///     work >= 25 µs | rest, `restFactor` times as long as the work | work | ...
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
        let worked = MonotonicClock.nanoseconds - begin
        guard worked >= Self.workNanoseconds else { return }
        thread.rest(nanoseconds: worked * share.restFactor)
        begin = MonotonicClock.nanoseconds
    }
}
