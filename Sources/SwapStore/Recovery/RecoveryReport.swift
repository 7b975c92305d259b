/// The findings of a take-over.
public struct RecoveryReport: Equatable, Sendable {
    /// Pages that are stored, on the backing store or not.
    public var pageCount = 0
    /// Pages whose entry is invalid: reading one fails until it is written again.
    public var lostPageCount = 0
    /// Areas, or parts of their tables, whose run number is invalid.
    public var lostTableCount = 0
    /// Frames that were taken and not published, or unlinked and not freed, when the predecessor
    /// ended.
    public var reclaimedFrameCount = 0

    /// Nothing.
    public init() {}
}
