import ZswapCore

/// Numbers of the pages and bytes that an area, or a whole store, holds.
///
///     stored = same-filled + raw + compressed + on the backing store
///
/// Law: as above, and all are 0 once everything was discarded. Exact while no worker serves.
public struct AreaStatistics: Equatable, Sendable {
    /// Pages that are not holes.
    public var storedPageCount = 0
    /// Of these, kept as one word.
    public var sameFilledPageCount = 0
    /// Of these, kept as they are.
    public var rawPageCount = 0
    /// Of these, on the backing store.
    public var backedPageCount = 0
    /// Bytes of their objects in memory.
    public var storedByteCount = 0
    /// Bytes of their objects on the backing store.
    public var backedByteCount = 0

    /// Nothing.
    public init() {}

    init(
        storedPageCount: Int, sameFilledPageCount: Int, rawPageCount: Int, backedPageCount: Int,
        storedByteCount: Int, backedByteCount: Int
    ) {
        self.storedPageCount = storedPageCount
        self.sameFilledPageCount = sameFilledPageCount
        self.rawPageCount = rawPageCount
        self.backedPageCount = backedPageCount
        self.storedByteCount = storedByteCount
        self.backedByteCount = backedByteCount
    }

    /// Of the stored pages, those in memory as compressed objects. While workers count, the parts
    /// may be of two moments; it is not negative then either.
    public var compressedPageCount: Int {
        max(storedPageCount - sameFilledPageCount - rawPageCount - backedPageCount, 0)
    }

    /// Original bytes of the pages in memory by the bytes of their objects, in percent, rounded
    /// down: 200 is two to one. 0 while there are no objects.
    public var ratioPercent: Int {
        guard storedByteCount > 0 else { return 0 }
        return max(storedPageCount - backedPageCount, 0) * Page.byteCount * 100 / storedByteCount
    }

    /// The sum of two.
    public static func + (left: AreaStatistics, right: AreaStatistics) -> AreaStatistics {
        AreaStatistics(
            storedPageCount: left.storedPageCount + right.storedPageCount,
            sameFilledPageCount: left.sameFilledPageCount + right.sameFilledPageCount,
            rawPageCount: left.rawPageCount + right.rawPageCount,
            backedPageCount: left.backedPageCount + right.backedPageCount,
            storedByteCount: left.storedByteCount + right.storedByteCount,
            backedByteCount: left.backedByteCount + right.backedByteCount)
    }
}

/// Pages read, written, discarded and refused in an area since it was created. The counts only
/// rise.
public struct AreaTraffic: Equatable, Sendable {
    /// Pages that read requests asked for and got, holes among them, parts of pages as whole ones.
    public var readPageCount = 0
    /// Pages that write requests brought and that were taken, parts of pages as whole ones.
    public var writtenPageCount = 0
    /// Stored pages that a discard, a truncation or a removal emptied.
    public var discardedPageCount = 0
    /// Pages that were refused: at a limit, or without memory.
    public var refusedPageCount = 0

    /// Nothing.
    public init() {}

    init(
        readPageCount: Int, writtenPageCount: Int, discardedPageCount: Int, refusedPageCount: Int
    ) {
        self.readPageCount = readPageCount
        self.writtenPageCount = writtenPageCount
        self.discardedPageCount = discardedPageCount
        self.refusedPageCount = refusedPageCount
    }
}
