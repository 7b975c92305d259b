/// What is to be done with stored pages that new ones would be kept otherwise than: in another
/// pool, or by another compressor.
public enum MigrationMode: String, CaseIterable, Sendable {
    /// Nothing, beyond counting them after a change.
    case off
    /// They are moved at full speed, once.
    case now
    /// They are moved in a fifth of a thread's time, after every change.
    case background
}

/// How far the migration of stored pages is. Of the present run, or of the last one; a change of
/// what pages should be begins another.
public struct MigrationReport: Equatable, Sendable {
    /// What the migrator does.
    public enum Activity: String, Sendable {
        case idle, running
        /// The pools are above the line at which a full store accepts again.
        case waitingForRoom = "waiting_for_room"
    }

    /// What was asked for.
    public var mode = MigrationMode.off
    /// What is done at this moment.
    public var activity = Activity.idle
    /// Pages that were not as wanted when they were last counted, less those that were moved since.
    /// Too many by those that were written or discarded meanwhile; exact once the run has ended.
    public var pagesLeft = 0
    /// Pages that were moved.
    public var pagesMoved = 0
    /// Bytes of their objects before.
    public var byteCountBefore = 0
    /// Bytes of their objects after.
    public var byteCountAfter = 0
    /// Pages that can't be read back as they were written, which stay as they are.
    public var damagedPages = 0
    /// How often it stopped because the pools had no room.
    public var roomWaits = 0
    /// When it began, in nanoseconds since 1970; 0: never.
    public var startedAt: UInt64 = 0
    /// How long it took, or takes so far.
    public var nanoseconds: UInt64 = 0

    init() {}
}
