/// The position of a walk over all pages: areas in the order of their slots, leaves in order.
///
///     new job ─► settling ─► counting ─► moving ─► idle
///                    ▲            └─ nothing to move, or not wanted ─► idle
///                    └── another job, from wherever it is
///
/// Law: counting begins when no request is under way that began before the job was set. Later
/// requests store by the job's settings, so what the walk has passed needs no second look; only
/// pages that were changed while they were moved, again and again, do.
package struct MigrationSweep: Sendable {
    enum Phase { case idle, settling, counting, moving }

    private(set) var phase = Phase.idle
    /// The number of the job that it walks for.
    private(set) var job: UInt64 = 0
    /// Epoch that every request has to pass before the walk begins.
    private(set) var epoch: UInt64 = 0
    var walk = PageWalk()
    /// Pages to move that were left, because they were only counted or are damaged.
    var leftCount = 0
    /// Pages that changed during every try to move them.
    var contestedCount = 0

    /// A walk that waits for a job.
    package init() {}

    mutating func settle(for job: UInt64, epoch: UInt64) {
        self.job = job
        self.epoch = epoch
        phase = .settling
    }

    /// From the first page of all on.
    mutating func begin(_ phase: Phase) {
        self.phase = phase
        walk = PageWalk()
        leftCount = 0
        contestedCount = 0
    }

    mutating func end() { phase = .idle }
}

/// How a step of the migration ended.
package enum MigrationStep: Sendable {
    /// There is more to do.
    case worked
    /// A request that began before the last job is under way: it may store by the old settings.
    case waitsForRequests
    /// The pools have no room; the next step begins with the same page.
    case waitsForRoom
    /// Nothing to do until the next job.
    case idle
}
