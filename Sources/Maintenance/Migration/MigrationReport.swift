/// The treatment of stored pages that would now be stored differently: in another pool, or by
/// another compressor.
public enum MigrationMode: String, CaseIterable, Sendable {
    /// Nothing; they are only counted after a change.
    case off
    /// They are moved at full speed, once.
    case now
    /// They are moved in a fifth of a thread's time, after every change.
    case background
}

/// Progress of the migration: of the current run, or of the last one. A change of the pool or a
/// compressor begins another run.
public struct MigrationReport: Equatable, Sendable {
    /// The states of the migrator.
    public enum Activity: String, Sendable {
        case idle, running
        /// The pools are above the line at which a full store accepts again.
        case waitingForRoom = "waiting_for_room"
    }

    /// The mode that was set.
    public var mode = MigrationMode.off
    /// The migrator's activity now.
    public var activity = Activity.idle
    /// Pages to move as of the last count, less those moved since. During a run it includes pages
    /// that were written or discarded meanwhile; it is exact once the run has ended.
    public var pagesLeft = 0
    /// Pages that were moved.
    public var pagesMoved = 0
    /// Bytes of their objects before.
    public var byteCountBefore = 0
    /// Bytes of their objects after.
    public var byteCountAfter = 0
    /// Pages that can't be read back as they were written, which stay as they are.
    public var damagedPages = 0
    /// Number of waits for room in the pools.
    public var roomWaits = 0
    /// When it began, in nanoseconds since 1970; 0: never.
    public var startedAt: UInt64 = 0
    /// How long the run took, or has taken so far.
    public var nanoseconds: UInt64 = 0

    init() {}
}
