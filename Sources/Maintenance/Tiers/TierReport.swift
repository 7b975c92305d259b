/// Progress of recompressing: of the current round over all pages, or of the last one.
public struct TierReport: Equatable, Sendable {
    /// The states of the recompressor.
    public enum Activity: String, Sendable {
        case idle, running
        /// The pools are above the line at which a full store accepts again.
        case waitingForRoom = "waiting_for_room"
    }

    /// The recompressor's activity now.
    public internal(set) var activity = Activity.idle
    /// Pages as the last round counted them, and what it has recompressed since.
    public internal(set) var held = TierTally()
    /// Rounds that came to their end, since this process began.
    public internal(set) var roundCount = 0
    /// The last recompression that was asked for; nil: none was.
    public internal(set) var request: PageSelection?
    /// Whether it is under way.
    public internal(set) var isRequestRunning = false

    init() {}
}

/// Pages in memory by the form they are in.
public struct TierTally: Equatable, Sendable {
    /// Pages that are kept as new ones, or were kept so when they were stored.
    public internal(set) var hotPageCount = 0
    /// Bytes of their objects.
    public internal(set) var hotByteCount = 0
    /// Pages in the cold form.
    public internal(set) var coldPageCount = 0
    /// Bytes of their objects.
    public internal(set) var coldByteCount = 0
    /// Incompressible pages that the cold compressor was tried on; among the hot ones, too.
    public internal(set) var triedPageCount = 0

    init() {}
}
