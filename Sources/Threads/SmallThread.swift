import CLinux
import Glibc
import ZswapCore

/// Threads with a small, fixed stack, because all memory is locked.
///
/// Price: 256 KiB of stack a thread.
public struct SmallThread: Sendable {
    /// Bytes of stack of each.
    public static let stackByteCount = 256 << 10

    /// The work of a new thread; lives until the thread has ended.
    private final class Assignment {
        let name: String
        let body: () -> Void
        #if DEBUG || INTERNAL_CHECKS
        var simulated: (any SimulatedThread)?
        #endif
        init(_ name: String, _ body: @escaping () -> Void) {
            self.name = name
            self.body = body
        }

        func run() {
            #if DEBUG || INTERNAL_CHECKS
            if let simulated {
                return SimulatedThreads.run(as: simulated) {
                    simulated.begin()
                    body()
                    simulated.end()
                }
            }
            #endif
            body()
        }
    }

    /// Starts a thread with a name of at most 15 bytes. It has to be joined, or detached. Throws
    /// what `failure` makes of the errno when the system has no thread.
    public static func start<Failure: Error>(
        _ name: String, failure: (CInt) -> Failure, _ body: @escaping @Sendable () -> Void
    ) throws(Failure) -> SmallThread {
        invariant(name.utf8.count <= 15)
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, stackByteCount)
        var thread = pthread_t()
        let assignment = Assignment(name, body)
        #if DEBUG || INTERNAL_CHECKS
        assignment.simulated = SimulatedThreads.present?.makeThread(name: name)
        let simulated = assignment.simulated
        #endif
        let argument = Unmanaged.passRetained(assignment)
        let result = pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument else { return nil }
                let assignment = Unmanaged<Assignment>.fromOpaque(argument).takeRetainedValue()
                _ = clinux_set_thread_name(assignment.name)
                assignment.run()
                return nil
            }, argument.toOpaque())
        guard result == 0 else {
            argument.release()
            throw failure(result)
        }
        #if DEBUG || INTERNAL_CHECKS
        SchedulingPoint.reach(.thread)
        return SmallThread(handle: thread, simulated: simulated)
        #else
        return SmallThread(handle: thread)
        #endif
    }

    private let handle: pthread_t
    #if DEBUG || INTERNAL_CHECKS
    private let simulated: (any SimulatedThread)?
    #endif

    /// Waits until it has ended.
    public func join() {
        #if DEBUG || INTERNAL_CHECKS
        if let simulated { SimulatedThreads.present?.join(simulated) }
        #endif
        pthread_join(handle, nil)
    }

    /// Detaches it: it is not joined.
    public func detach() { pthread_detach(handle) }
}
