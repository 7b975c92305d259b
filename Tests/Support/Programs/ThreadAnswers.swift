import Foundation
import Synchronization

/// The outcomes of actions that run in threads of their own, by their names; an action that has
/// not ended has none.
public final class ThreadAnswers: Sendable {
    private let answers = Mutex<[String: Bool]>([:])

    /// No actions yet.
    public init() {}

    /// Whether each that has ended was right.
    public var all: [String: Bool] { answers.withLock { $0 } }

    /// Does `body` in a thread, which returns whether all is as it should be.
    public func add(_ name: String, _ body: @escaping @Sendable () throws -> Bool) {
        Thread.detachNewThread {
            let isRight = (try? body()) ?? false
            self.answers.withLock { $0[name] = isRight }
        }
    }
}
