/// The settings that can change while the store runs. A value that the store replaces as a whole,
/// so a request sees one consistent state.
public struct Tunables: Equatable, Sendable {
    /// Compress new pages at all. Others pass to the backing store, or are refused without one.
    public var isEnabled = true
    /// Share of the machine's memory that pools may take, in percent: 0 ... 100.
    public var maxPoolPercent = 20
    /// Most bytes that pools may take, if that is less than the share; nil: only the share counts.
    public var maxPoolByteCount: UInt64?
    /// Share of the limit at which a full pool accepts again, in percent: 0 ... 100.
    public var acceptThresholdPercent = 90
    /// Keep pages that repeat one 8-byte word as that word.
    public var keepsSameFilledPages = true
    /// Compact when enough can be freed by it.
    public var compactsByItself = true
    /// The order in which pages are written back when the pools are to become smaller.
    public var reclaim = ReclaimOrder.store
    /// Write cold pages back, at low priority, as long as the pools are above the accept line.
    public var shrinksInBackground = false
    /// Most blocks of 4096 bytes to write to the backing store in a day; nil: any number.
    public var writeBackBlockCountPerDay: Int?
    /// Pages a second that are compared with their checksums, one pass after the other; 0: none.
    public var scrubPagesPerSecond = 0
    /// Seconds without a use after which a page is recompressed for its age, of
    /// ``Limits/coldSeconds``; nil: no page is.
    public var coldAfterSeconds: Int?
    /// The most that recompressing takes of one processor's time, in percent: 1 ... 100.
    public var coldCPUPercent = 10
    /// Compress pages that are not same-filled; else the same.
    public var takesOtherPages = true

    /// The defaults.
    public init() {}
}
