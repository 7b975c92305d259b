import SwapStore
import Synchronization
import Threads

/// Requests to the write-back thread, and its report: shared by control files, threads that set a
/// backing store, and the write-back thread.
///
///     params/writeback ── job ────────►  thread ── how far it is ──► stats/writeback
///     params/backing   ── buffers ────►         ── blocks of today ──►
///
/// Law: each lock is held briefly, and no other lock is taken under it. A job that is under way is
/// noted in the store's record, so that a successor can report that it ended with its process.
package final class WriteBackControl: Sendable {
    /// The last job; nil: none yet.
    let job: Lock<WriteBackJob?>
    let budget: Lock<WriteBackBudget>
    /// The thread's buffers, allocated with the first backing store.
    private let buffers = Lock<WriteBackBuffers?>(nil)
    /// Segments that were cleaned.
    let cleanedSegmentCount = Atomic<Int>(0)
    /// The job that was under way when the predecessor ended.
    let endedJob: WriteBackJob?
    private let store: SwapStore

    /// Takes over the notes of a predecessor, if there was one: its job ended with it.
    init(of store: SwapStore) {
        self.store = store
        budget = Lock(WriteBackBudget(notedIn: store))
        endedJob = WriteBackJob(leftBehind: store[note: .writeBackJob])
        job = Lock(endedJob)
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

    /// The buffers; nil before the first backing store.
    var madeBuffers: WriteBackBuffers? { buffers.withLock { $0 } }
}
