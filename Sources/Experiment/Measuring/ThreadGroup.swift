import Foundation

/// Threads that work at the same time and are waited for.
enum ThreadGroup {
    /// Runs `body` with 0 ..< count, each on a thread of its own; returns when all have ended.
    static func run(count: Int, _ body: @escaping @Sendable (Int) -> Void) {
        let group = DispatchGroup()
        for index in 0..<count {
            group.enter()
            Thread.detachNewThread {
                body(index)
                group.leave()
            }
        }
        group.wait()
    }
}
