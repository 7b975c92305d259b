import Threads

/// The thread that moves stored pages when that is wanted.
///
///     sleeps ── wish ──► 8 pages, rest 4 times as long, 8 pages, ...   (background)  ──► sleeps
///                        8 pages, 8 pages, ...                         (now)
///
/// Law: it serves nobody, and between two steps, where it rests, it holds nothing. It works as a
/// worker of its own. It is not given a low priority: a thread that holds a lock of a pool and gets
/// no processor would hold up stores for long.
/// Price: a thread and a worker, asleep until somebody changes a setting.
public final class Migrator: Sendable {
    private static let requestNanoseconds: Int64 = 1_000_000
    private static let roomNanoseconds: Int64 = 100_000_000
    private static let endless: Int64 = -1

    private let store: SwapStore
    private let thread: BackgroundThread

    /// Somebody to move pages of this store. Nil when there is no place for another worker.
    public init?(of store: SwapStore) {
        guard let worker = store.makeWorker() else { return nil }
        self.store = store
        thread = BackgroundThread(name: "zswapfs-migrate") { thread in
            Self.run(store, worker, thread)
            store.removeWorker(worker)
        }
    }

    /// Starts; false when the system has no thread.
    public func start() -> Bool {
        // Before it can look for a wish, so that it misses none.
        store.migration.attach(thread)
        guard !thread.start() else { return true }
        store.migration.attach(nil)
        return false
    }

    /// Ends; returns when nothing is moved any more. What was wanted stays wanted.
    public func stop() {
        store.migration.attach(nil)
        thread.stop()
    }

    private static func run(_ store: SwapStore, _ worker: StoreWorker, _ thread: BackgroundThread) {
        var sweep = MigrationSweep()
        var pace = Pace()
        while !thread.isStopping {
            let step = store.migrate(&sweep, by: worker)
            if step == .worked {
                if store.migrationMode != .now { pace.rest(.fifth, thread) }
                continue
            }
            thread.rest(nanoseconds: restNanoseconds(step)) { store.isDue(sweep) }
            pace = Pace()
        }
    }

    private static func restNanoseconds(_ step: MigrationStep) -> Int64 {
        switch step {
        case .worked: 0
        case .waitsForRequests: requestNanoseconds
        case .waitsForRoom: roomNanoseconds
        case .idle: endless
        }
    }
}
