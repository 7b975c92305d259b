import Glibc
import ZswapCore

/// Real threads for tests. Tasks share a few threads and must not block; these may.
public enum Threads {
    /// Runs `body` on `count` threads with their numbers, and returns when all have ended.
    public static func run(count: Int, _ body: @escaping @Sendable (Int) -> Void) {
        let threads = (0..<count).map { number in start { body(number) } }
        for thread in threads { pthread_join(thread, nil) }
    }

    private final class Job {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    private static func start(_ body: @escaping @Sendable () -> Void) -> pthread_t {
        let job = Unmanaged.passRetained(Job(body)).toOpaque()
        var thread = pthread_t()
        let result = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Job>.fromOpaque(argument).takeRetainedValue().body()
                return nil
            }, job)
        invariant(result == 0, "the system refused a thread")
        return thread
    }
}
