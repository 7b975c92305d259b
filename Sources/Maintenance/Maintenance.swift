public import SwapStore
import Threads

/// The upkeep of a store while it serves: the threads that walk over its pages, and the requests of
/// control files to them.
///
///     params/compact, migrate, writeback, scrub, … ──► Maintenance ──► a thread a task
///     stats/migration, writeback, scrub, tiers     ◄──     ▲  └──► SwapStore (`Upkeep/`)
///     settings of the store ── StoreObserver ──────────────┘
///
/// Laws:
/// - It is created before settings of the store change, so that it misses no change. Its threads
///   may start later.
/// - The store does not know it but as its observer, and works without it: then nothing moves, and
///   a store at its limit refuses.
/// - Its threads end with it at the latest.
/// Price: a worker; a thread and a worker for each task that is started.
public final class Maintenance: Sendable {
    /// A background task; each has a thread.
    public enum Task: CaseIterable, Sendable {
        /// Frees drained pools and moves objects together.
        case compaction
        /// Writes pages to the backing store, and so makes room.
        case writeBack
        /// Moves pages that new settings would store differently.
        case migration
        /// Compares stored pages with their checksums.
        case scrub
        /// Recompresses pages that have become cold.
        case tiers
    }

    /// There is no thread for this task, or no place for its worker.
    public struct NoThread: Error {
        /// The task.
        public let task: Task
    }

    /// The store that it keeps in order.
    public let store: SwapStore
    package let migration: Migration
    package let scrub: Scrub
    package let tiers: Tiers
    package let writeBack: WriteBackControl
    /// The worker for compaction on request; created ahead, so that the request allocates nothing.
    private let compactionWorker: Lock<StoreWorker>
    private let threads = Lock<[Task: any MaintenanceThread]>([:])

    /// Creates the maintenance of a store, at most one for each store. Nil when there is no place
    /// for another worker, or no memory.
    public init?(of store: SwapStore) {
        guard let worker = store.makeMover() else { return nil }
        self.store = store
        compactionWorker = Lock(worker)
        migration = Migration(store: store, control: MigrationControl())
        scrub = Scrub(store: store, control: ScrubControl())
        tiers = Tiers(store: store, control: TierControl(of: store))
        writeBack = WriteBackControl(of: store)
        // From here on `prepareBacking` sees each new backing store; a store that was taken over
        // may have some already.
        store.observe(by: self)
        if !store.backings.isEmpty, !writeBack.makeBuffers() { return nil }
        if store.predecessorCount > 0 { scrub.control.noteTakeOver() }
    }

    deinit {
        stop()
        compactionWorker.withLock { store.removeMover($0) }
    }

    /// Starts every task. `onTrouble` gets a message when writing back has to stop, `onDamage` one
    /// for each damaged page. Throws when a task cannot start; then none is running.
    public func start(
        onTrouble: @escaping @Sendable (String) -> Void,
        onDamage: @escaping @Sendable (String) -> Void
    ) throws(NoThread) {
        do {
            for task in Task.allCases {
                try start(task, onTrouble: onTrouble, onDamage: onDamage)
            }
        } catch {
            stop()
            throw error
        }
    }

    /// Starts one task, if it is not running.
    public func start(
        _ task: Task, onTrouble: @escaping @Sendable (String) -> Void = { _ in },
        onDamage: @escaping @Sendable (String) -> Void = { _ in }
    ) throws(NoThread) {
        let isRunning = threads.withLock { threads in
            guard threads[task] == nil else { return true }
            guard let thread = makeThread(task, onTrouble, onDamage), thread.start() else {
                return false
            }
            threads[task] = thread
            return true
        }
        guard isRunning else { throw NoThread(task: task) }
    }

    private func makeThread(
        _ task: Task, _ onTrouble: @escaping @Sendable (String) -> Void,
        _ onDamage: @escaping @Sendable (String) -> Void
    ) -> (any MaintenanceThread)? {
        switch task {
        case .compaction: Caretaker(of: store)
        case .writeBack: WriteBackThread(of: store, writeBack, onTrouble: onTrouble)
        case .migration: Migrator(of: migration)
        case .scrub: Scrubber(of: scrub, onDamage: onDamage)
        case .tiers: Recompressor(of: tiers)
        }
    }

    /// Ends every task; returns when all threads have ended.
    public func stop() { for task in Task.allCases.reversed() { stop(task) } }

    /// Ends one task, if it is running. Its pending requests stay.
    public func stop(_ task: Task) { threads.withLock { $0.removeValue(forKey: task) }?.stop() }

    /// Moves objects together in every pool, now; returns how many frames became free. 0 while
    /// another call runs.
    @discardableResult
    public func compactOnRequest() -> Int {
        compactionWorker.withLockIfAvailable { Compaction(of: store).run(by: $0) } ?? 0
    }

    /// Whether enough frames are freeable for an automatic compaction, frames that the last one
    /// left included.
    public var isWorthCompacting: Bool {
        CompactionNeed().isDue(
            freeable: store.freeablePageCount, poolFrameCount: store.poolFrameCount)
    }

    /// Sets what the migration thread does with pages that new settings would store differently.
    public func setMigration(_ mode: MigrationMode) { migration.control.set(mode) }
    /// The current migration mode; `now` returns to the mode before it when the walk ends.
    public var migrationMode: MigrationMode { migration.control.job.mode }
    /// Progress of the migration.
    public var migrationReport: MigrationReport { migration.control.report }

    /// Progress of the verification of stored pages.
    public var scrubReport: ScrubReport { scrub.control.report }
}

extension Maintenance: StoreObserver {
    package func newPagesChanged() {
        migration.control.noteChange()
        tiers.control.noteChange()
    }
    package func tunablesChanged() {
        scrub.control.attachment.wake()
        tiers.control.noteChange()
    }
    package func prepareBacking() -> Bool { writeBack.makeBuffers() }
}
