#if DEBUG || INTERNAL_CHECKS
import Glibc
import Synchronization

/// Which threads of this process belong to simulations.
public enum SimulatedThreads {
    /// Of one thread of the process.
    private final class Membership {
        let thread: any SimulatedThread
        var isSuspended = false
        init(_ thread: any SimulatedThread) { self.thread = thread }
    }

    /// Threads of all simulations: while it is 0, no point looks any further.
    private static let count = Atomic<Int>(0)
    private static let key = {
        var key = pthread_key_t()
        pthread_key_create(&key, nil)
        return key
    }()

    private static var membership: Membership? {
        guard count.load(ordering: .relaxed) > 0, let address = pthread_getspecific(key) else {
            return nil
        }
        return Unmanaged<Membership>.fromOpaque(address).takeUnretainedValue()
    }

    /// The calling thread in its simulation; nil: it is in none, or is suspended.
    public static var present: (any SimulatedThread)? {
        guard let membership, !membership.isSuspended else { return nil }
        return membership.thread
    }

    /// The time of the calling thread's simulation; nil: it is in none.
    static var nanoseconds: Int64? { membership?.thread.nanoseconds }

    /// Runs `body` as this thread of a simulation.
    public static func run<Failure: Error>(
        as thread: any SimulatedThread, _ body: () throws(Failure) -> Void
    ) throws(Failure) {
        let membership = Membership(thread)
        count.add(1, ordering: .relaxed)
        pthread_setspecific(key, Unmanaged.passRetained(membership).toOpaque())
        defer {
            pthread_setspecific(key, nil)
            Unmanaged.passUnretained(membership).release()
            count.subtract(1, ordering: .relaxed)
        }
        try body()
    }

    /// Runs `body` outside of the simulation, at its present time: no other thread of it runs
    /// meanwhile.
    public static func suspended<R, Failure: Error>(
        _ body: () throws(Failure) -> R
    ) throws(Failure) -> R {
        let membership = membership
        let wasSuspended = membership?.isSuspended ?? false
        membership?.isSuspended = true
        defer { membership?.isSuspended = wasSuspended }
        return try body()
    }
}
#endif
