import LinuxSystem
import Synchronization
import Threads

/// Threads that begin together: the time from the common start to the last one's end.
final class Race: Sendable {
    private let waiting: Atomic<Int>
    private let begin = Atomic<UInt64>(0)
    private let end = Atomic<UInt64>(0)
    private let failure = Mutex<(any Error)?>(nil)

    init(runnerCount: Int) { waiting = Atomic(runnerCount) }

    /// Waits for the others, awake, then runs `body`.
    func run(_ body: () throws -> Void) {
        waiting.subtract(1, ordering: .sequentiallyConsistent)
        while waiting.load(ordering: .sequentiallyConsistent) > 0 {}
        begin.max(UInt64(MonotonicClock.nanoseconds), ordering: .relaxed)
        do {
            try body()
        } catch {
            failure.withLock { $0 = error }
        }
        end.max(UInt64(MonotonicClock.nanoseconds), ordering: .relaxed)
    }

    /// The time from start to end, in nanoseconds. Throws the error of a thread that failed. Called
    /// when all have ended.
    func nanoseconds() throws -> UInt64 {
        if let error = failure.withLock({ $0 }) { throw error }
        return end.load(ordering: .relaxed) - begin.load(ordering: .relaxed)
    }
}
