import Glibc

/// A count of wake-ups that threads wait for. On the heap, because the kernel needs its address;
/// nothing is allocated later.
public final class Semaphore: @unchecked Sendable {  // made for several threads
    private let semaphore: UnsafeMutablePointer<sem_t>

    /// Creates a semaphore with the count 0.
    public init() {
        semaphore = .allocate(capacity: 1)
        sem_init(semaphore, 0, 0)
    }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    /// Wakes one thread that waits, or the next one that will.
    public func post() { sem_post(semaphore) }

    /// Waits for a wake-up.
    public func wait() {
        // Only a signal makes it fail.
        while sem_wait(semaphore) != 0 {}
    }
}
