import Synchronization
import Threads

/// The seconds that ages of pages are counted in: they only rise, from some start on, and stand
/// still while the machine sleeps.
///
/// Price: a look at the clock for each request; no system call.
final class StoreClock: Sendable {
    private static let nanosecondsPerSecond: Int64 = 1_000_000_000
    /// Far enough from 0 that nothing a page could remember lies before it.
    private static let startSeconds: Int64 = 1 << 24

    private let began = MonotonicClock.nanoseconds
    private let addedSeconds = Atomic<Int64>(0)

    /// Now.
    var seconds: UInt64 {
        let passed = (MonotonicClock.nanoseconds - began) / Self.nanosecondsPerSecond
        return UInt64(Self.startSeconds + passed + addedSeconds.load(ordering: .relaxed))
    }

    /// Lets time pass at once, for tests.
    func add(seconds: Int) { addedSeconds.add(Int64(seconds), ordering: .relaxed) }
}
