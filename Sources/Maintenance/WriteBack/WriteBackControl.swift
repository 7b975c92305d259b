import SwapStore
import Synchronization

/// What is wanted of the thread that writes back, and what it tells: the one place where control
/// files, whoever sets a backing store, and that thread meet.
///
///     params/writeback ── job ────────►  thread ── how far it is ──► stats/writeback
///     params/backing   ── buffers ────►         ── blocks of today ──►
///
/// Law: each lock is held for a few words only and takes no other. A job that is under way stands
/// in the store's record, so that a successor can tell that it ended with its process.
package final class WriteBackControl: Sendable {
    /// What was asked for last; nil: nothing yet.
    let job: Mutex<WriteBackJob?>
    let budget: Mutex<WriteBackBudget>
    /// What the thread works in, made with the first backing store.
    private let buffers = Mutex<WriteBackBuffers?>(nil)
    /// Segments that were cleaned.
    let cleanedSegmentCount = Atomic<Int>(0)
    /// What a predecessor had under way.
    let endedJob: WriteBackJob?
    private let store: SwapStore

    /// With what a predecessor noted, if there was one: its job ended with it.
    init(of store: SwapStore) {
        self.store = store
        budget = Mutex(WriteBackBudget(notedIn: store))
        endedJob = WriteBackJob(leftBehind: store[note: .writeBackJob])
        job = Mutex(endedJob)
        note(endedJob)
    }

    /// Writes down whether a job is under way. Behind the lock of the job.
    func note(_ job: WriteBackJob?) { store[note: .writeBackJob] = job?.word ?? 0 }

    /// Makes sure that there is memory to write with. False: the system refuses it.
    func makeBuffers() -> Bool {
        buffers.withLock { buffers in
            if buffers == nil { buffers = WriteBackBuffers() }
            return buffers != nil
        }
    }

    /// What was made; nil before the first backing store.
    var madeBuffers: WriteBackBuffers? { buffers.withLock { $0 } }
}
