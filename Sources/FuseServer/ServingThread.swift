import CFuse
import CLinux
import Glibc

/// Threads of the server: small stacks, because all memory is locked.
enum ServingThread {
    static let stackByteCount = 256 << 10

    /// What a new thread is told; lives until it has ended.
    private final class Assignment {
        let name: String
        let body: () -> Void
        init(_ name: String, _ body: @escaping () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// Starts a thread with a name of at most 15 bytes. It has to be joined, or detached.
    static func start(
        _ name: String, _ body: @escaping @Sendable () -> Void
    ) throws(MountError) -> pthread_t {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, stackByteCount)
        var thread = pthread_t()
        let argument = Unmanaged.passRetained(Assignment(name, body))
        let result = pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument else { return nil }
                let assignment = Unmanaged<Assignment>.fromOpaque(argument).takeRetainedValue()
                _ = clinux_set_thread_name(assignment.name)
                assignment.body()
                return nil
            }, argument.toOpaque())
        guard result == 0 else {
            argument.release()
            throw .thread(errno: result)
        }
        return thread
    }
}
