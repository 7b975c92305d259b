import Arena

/// Work and rest in turns, for a thread that nobody waits for: it takes a share of a processor.
///
///     work >= 25 µs | rest, so many times as long as the work was | work | ...
///
/// Law: rests fall between two steps of the work, while nothing is held.
struct Pace {
    /// How much of a thread's time is work.
    enum Share: Int64 {
        case half = 1
        case fifth = 4

        /// Rests are so many times as long as the work before.
        var restFactor: Int64 { rawValue }
    }

    private static let workNanoseconds: Int64 = 25_000

    private var begin = BackgroundThread.nanoseconds

    /// Rests if it has worked for long enough.
    mutating func rest(_ share: Share, _ thread: BackgroundThread) {
        let worked = BackgroundThread.nanoseconds - begin
        guard worked >= Self.workNanoseconds else { return }
        thread.rest(nanoseconds: worked * share.restFactor)
        begin = BackgroundThread.nanoseconds
    }
}
