import SwapStore
import Threads

/// The thread that moves stored pages when a job is set.
///
///     sleeps ── job ──► 8 pages, rest 4 times as long, 8 pages, ...   (background)  ──► sleeps
///                        8 pages, 8 pages, ...                         (now)
///
/// Law: it serves no request, and holds nothing between two steps, where it rests. It works as a
/// worker of its own. It has no low priority: if it held a lock of a pool and got no processor,
/// stores would wait long for it.
/// Price: a thread and a worker, asleep until a setting changes.
final class Migrator: WokenThread {
    private static let requestNanoseconds: Int64 = 1_000_000
    private static let roomNanoseconds: Int64 = 100_000_000
    private static let endless: Int64 = -1

    let thread: BackgroundThread
    let attachment: ThreadAttachment

    /// Creates the thread. Nil when there is no place for another worker.
    init?(of migration: Migration) {
        let own = BackgroundThread(name: "zswapfs-migrate", of: migration.store) { thread, worker in
            Self.run(migration, worker, thread)
        }
        guard let own else { return nil }
        attachment = migration.control.attachment
        thread = own
    }

    private static func run(
        _ migration: Migration, _ worker: StoreWorker, _ thread: BackgroundThread
    ) {
        var sweep = MigrationSweep()
        var pace = Pace()
        while !thread.isStopping {
            let step = migration.step(&sweep, by: worker)
            if step == .worked {
                if migration.control.job.mode != .now { pace.rest(.fifth, thread) }
                continue
            }
            thread.rest(nanoseconds: restNanoseconds(step)) { migration.isDue(sweep) }
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
