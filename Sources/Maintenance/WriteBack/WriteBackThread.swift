import SwapStore
import Threads

/// The thread that writes pages back: the only one that writes to the backing store.
///
///     look: backing store, budget
///       ├─ pools stood at their limit, and are above the accept line ─► coldest, at full speed
///       ├─ pages that only pass through                              ─► those
///       ├─ an area stands at its own limit                           ─► its coldest
///       ├─ the backing store runs out of free segments               ─► clean one
///       ├─ a job was asked for (params/writeback)                    ─► those, at full speed
///       ├─ shrinker_enabled, and above the accept line               ─► coldest, a fifth
///       └─ nothing                                                   ─► rest until woken
///
/// Each turn is one large write, then a look again.
///
/// Law: it holds no lock and is inside no request while it writes. A request that needs room waits
/// for its progress (`RoomRequests`), for a bounded time.
/// Price: a thread; a megabyte for buffers with a backing store.
final class WriteBackThread: MaintenanceThread {
    let thread: BackgroundThread
    private let store: SwapStore
    private var requests: RoomRequests { store.roomRequests }

    /// Creates the thread. `onTrouble` gets a message when writing back has to stop. Nil when there
    /// is no place for another worker.
    init?(
        of store: SwapStore, _ control: WriteBackControl,
        onTrouble: @escaping @Sendable (String) -> Void
    ) {
        let requests = store.roomRequests
        let own = BackgroundThread(name: "zswapfs-back", of: store) { thread, worker in
            var work = WriteBackWork(of: store, control, by: worker, onTrouble: onTrouble)
            while !thread.isStopping {
                let wakeCount = requests.wakeCount
                let rest = work.turn { !thread.isStopping }
                guard rest > 0, !thread.isStopping else { continue }
                requests.rest(since: wakeCount, nanoseconds: rest)
            }
        }
        guard let own else { return nil }
        self.store = store
        thread = own
    }

    func start() -> Bool {
        requests.isServed = true
        // A backing store that was set before can be written to from now on.
        store.noteBacking()
        guard !thread.start() else { return true }
        requests.isServed = false
        requests.set(.noThread)
        return false
    }

    /// Stores that wait for room are refused.
    func stop() {
        requests.isServed = false
        requests.noteProgress()
        thread.stop { requests.wake() }
        // Last, since the thread's last turn sets an obstacle of its own.
        requests.set(.noThread)
    }
}
