/// Progress of the verification of stored pages: of the current pass, or of the last one.
public struct ScrubReport: Equatable, Sendable {
    /// The states of the scrubber.
    public enum Activity: String, Sendable {
        case idle, running
    }

    /// Why a pass was made.
    public enum Reason: String, Sendable {
        /// There was no pass.
        case none
        /// `params/scrub` asks for one after the other.
        case parameter
        /// The store was taken over.
        case takeOver = "take_over"
    }

    /// The scrubber's activity now.
    public internal(set) var activity = Activity.idle
    /// Why the pass began.
    public internal(set) var reason = Reason.none
    /// Pages with a checksum when the pass began.
    public internal(set) var pageCount = 0
    /// Pages of this pass that are as they were stored.
    public internal(set) var verifiedPageCount = 0
    /// Pages of this pass that are not, and can't be read any more.
    public internal(set) var damagedPageCount = 0
    /// Pages of this pass that were not verified: they changed meanwhile, or the backing store did
    /// not give them.
    public internal(set) var skippedPageCount = 0
    /// Passes that came to the end of all areas, since this process began.
    public internal(set) var passCount = 0
    /// When the pass began, in nanoseconds since 1970; 0: there was none.
    public internal(set) var startedAt: UInt64 = 0

    init() {}
}
