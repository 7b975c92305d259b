import Backing
import Synchronization
import Threads
import ZswapCore

/// The thread that writes pages back: the only one that writes to the backing store.
///
///     look: backing store, budget
///       ├─ pools stood at their limit, and are above the accept line ─► coldest, at full speed
///       ├─ pages that only pass through                              ─► those
///       ├─ an area stands at its own limit                           ─► its coldest
///       ├─ the backing store runs out of free segments               ─► clean one
///       ├─ somebody asked (params/writeback)                         ─► those, at full speed
///       ├─ shrinker_enabled, and above the accept line               ─► coldest, a fifth
///       └─ nothing                                                   ─► rest until a ring
///
/// Each turn is one large write, then a look again.
///
/// Law: it holds no lock and is inside no request while it writes. It serves nobody: who waits for
/// room waits at the desk, for a bounded time.
/// Price: a thread; a megabyte for buffers with a backing store.
public final class WriteBackThread: Sendable {
    private let thread: BackgroundThread
    private let store: SwapStore
    private var desk: WriteBackDesk { store.desk }

    /// Somebody to write pages of this store back. `onTrouble` is told, in words, when it has to
    /// stop. Nil when there is no place for another worker.
    public init?(of store: SwapStore, onTrouble: @escaping @Sendable (String) -> Void = { _ in }) {
        guard let worker = store.makeWorker() else { return nil }
        self.store = store
        let desk = store.desk
        thread = BackgroundThread(name: "zswapfs-back") { thread in
            var work = WriteBackWork(of: store, by: worker, onTrouble: onTrouble)
            while !thread.isStopping {
                let rings = desk.rings
                let rest = work.turn { !thread.isStopping }
                guard rest > 0, !thread.isStopping else { continue }
                desk.rest(since: rings, nanoseconds: rest)
            }
            store.removeWorker(worker)
        }
    }

    /// Starts; false when the system has no thread.
    public func start() -> Bool {
        desk.isServed = true
        // A backing store that was set before can be written to from now on.
        store.noteBacking()
        guard !thread.start() else { return true }
        desk.isServed = false
        desk.set(.noThread)
        return false
    }

    /// Ends; returns when nothing is written any more. Whoever waits for room is refused.
    public func stop() {
        desk.isServed = false
        desk.noteProgress()
        thread.stop { desk.ring() }
        // Last, since a turn says what it finds.
        desk.set(.noThread)
    }
}
