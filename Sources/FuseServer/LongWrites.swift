import Glibc
import Synchronization

/// Writes to control files that take long, such as a compaction: a thread each, so that the ring's
/// threads go on serving pages.
///
/// Law: one at a time; a second one is done by the thread that met it. All have ended once `join`
/// returns, so that the session may go.
final class LongWrites: Sendable {
    private struct Errand: @unchecked Sendable {  // a thread's name, never changed
        let thread: pthread_t
    }

    /// The last one's thread, which has to be joined.
    private let last = Mutex<Errand?>(nil)
    private let isBusy = Atomic<Bool>(false)

    /// Runs `body` on another thread; false when it can't.
    func run(_ body: @escaping @Sendable () -> Void) -> Bool {
        guard !isBusy.exchange(true, ordering: .acquiring) else { return false }
        // The last one is not busy any more, so this takes no time.
        join()
        do {
            let thread = try ServingThread.start("zswapfs-control") { [self] in
                body()
                isBusy.store(false, ordering: .releasing)
            }
            let errand = Errand(thread: thread)
            last.withLock { $0 = errand }
            return true
        } catch {
            isBusy.store(false, ordering: .releasing)
            return false
        }
    }

    /// Waits for what is under way.
    func join() {
        let errand = last.withLock { last in
            defer { last = nil }
            return last
        }
        if let errand { pthread_join(errand.thread, nil) }
    }
}
