import Synchronization
import Threads
import ZswapCore

/// The seconds that ages of pages are counted in: they only rise, from some start on, and stand
/// still while the machine sleeps.
///
/// Price: a look at the clock for each request; no system call.
final class StoreClock: Sendable {
    private static let nanosecondsPerSecond: Int64 = 1_000_000_000
    /// Far enough from 0 that nothing a page could remember lies before it.
    private static let startSeconds: Int64 = 1 << 24

    private let began: Atomic<Int64>

    /// A clock that began at this reading of the monotonic clock: a successor goes on with its
    /// predecessor's, so that ages of pages stay what they are.
    init(began: Int64) {
        self.began = Atomic(min(began, MonotonicClock.nanoseconds))
    }

    /// When it began.
    var beganNanoseconds: Int64 { began.load(ordering: .relaxed) }

    /// Now.
    var seconds: UInt64 {
        let passed = (MonotonicClock.nanoseconds - beganNanoseconds) / Self.nanosecondsPerSecond
        deepInvariant(passed >= 0, "the store's clock goes back")
        return UInt64(Self.startSeconds + passed)
    }

    /// Lets time pass at once, for tests.
    func add(seconds: Int) {
        began.subtract(Int64(seconds) * Self.nanosecondsPerSecond, ordering: .relaxed)
    }
}
