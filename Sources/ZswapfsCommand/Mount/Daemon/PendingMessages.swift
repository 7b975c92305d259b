import Synchronization

/// Messages from serving threads and the write-back thread, which never log themselves: the main
/// thread takes and writes them.
///
/// Law: at most ``countMax`` wait; further messages are dropped, because a flood of refusals says
/// nothing new.
final class PendingMessages: Sendable {
    private static let countMax = 64
    private let waiting = Mutex<[String]>([])

    func add(_ message: String) {
        waiting.withLock { waiting in
            if waiting.count < Self.countMax { waiting.append(message) }
        }
    }

    func take() -> [String] {
        waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
    }
}
