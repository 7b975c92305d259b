import Backing
import Synchronization
import Threads

/// A file or device that is being opened in a thread of its own, since a path may lead to a
/// filesystem that never answers. The caller waits for a bounded time; after that the thread goes
/// on alone.
final class BackingOpening: Sendable {
    /// How long the caller waits.
    static let waitNanosecondsMax: Int64 = 10_000_000_000
    /// Openings that may be under way at once, including those whose caller has given up.
    private static let underWayMax = 8
    private static let underWay = Atomic<Int>(0)

    private let answer = Lock<Result<BackingLog, BackingError>?>(nil)
    private let wakeWord = FutexWord()

    /// Runs `open` in a thread of its own. Nil: it did not end in time, or too many others hang.
    static func wait(
        for open: @escaping @Sendable () throws(BackingError) -> BackingLog
    ) throws(BackingError) -> BackingLog? {
        guard underWay.add(1, ordering: .relaxed).newValue <= underWayMax else {
            underWay.subtract(1, ordering: .relaxed)
            return nil
        }
        let opening = BackingOpening()
        let isStarted = BackgroundThread.detach(name: "zswapfs-open") {
            opening.finish(Result { () throws(BackingError) in try open() })
            underWay.subtract(1, ordering: .relaxed)
        }
        guard isStarted else {
            underWay.subtract(1, ordering: .relaxed)
            throw .noMemory
        }
        return try opening.wait()?.get()
    }

    private func finish(_ result: Result<BackingLog, BackingError>) {
        answer.withLock { $0 = result }
        wakeWord.increment()
        wakeWord.wakeAll()
    }

    private func wait() -> Result<BackingLog, BackingError>? {
        let end = MonotonicClock.nanoseconds + Self.waitNanosecondsMax
        while true {
            let seen = wakeWord.load()
            if let result = answer.withLock({ $0 }) { return result }
            let left = end - MonotonicClock.nanoseconds
            guard left > 0 else { return nil }
            wakeWord.wait(while: seen, nanoseconds: left)
        }
    }
}
