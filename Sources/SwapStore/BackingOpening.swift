import Arena
import Backing
import Synchronization

/// A file or device to be opened by the write-back thread: a serving thread must not, since a path
/// may lead to filesystems that never answer.
final class BackingOpening: Sendable {
    /// How long whoever asked waits.
    private static let waitNanosecondsMax: Int64 = 10_000_000_000

    let path: String
    private let answer = Mutex<Result<BackingLog, BackingError>?>(nil)
    private let bell = FutexWord()

    init(_ path: String) { self.path = path }

    func finish(_ result: Result<BackingLog, BackingError>) {
        answer.withLock { $0 = result }
        bell.increment()
        bell.wakeAll()
    }

    /// Nil: not in time.
    func wait() -> Result<BackingLog, BackingError>? {
        let end = BackgroundThread.nanoseconds + Self.waitNanosecondsMax
        while true {
            let seen = bell.load()
            if let result = answer.withLock({ $0 }) { return result }
            let left = end - BackgroundThread.nanoseconds
            guard left > 0 else { return nil }
            bell.wait(while: seen, nanoseconds: left)
        }
    }
}
