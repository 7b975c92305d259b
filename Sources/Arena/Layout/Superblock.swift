import ZswapCore

/// The first frame of an arena: what it is, and where everything else is found.
///
///     0  magic   8  capacity   16  first segment never used   1024 ... 4095  the arena's user
///
/// Law: the magic is written last, so a memfd that has it has the rest.
enum Superblock {
    static var magic: RecordField<UInt64> { RecordField(at: 0) }
    /// In bytes.
    static var capacity: RecordField<UInt64> { RecordField(at: 8) }
    /// A segment's number: 1 before any was used.
    static var nextUnusedSegment: RecordField<UInt64> { RecordField(at: 16) }
    /// Zeros in a new arena.
    static var userBlock: RecordCells { RecordCells(at: 1024, byteCount: 3072) }

    static var layout: RecordLayout {
        RecordLayout(
            byteCount: Page.byteCount,
            spans: [magic.span, capacity.span, nextUnusedSegment.span, userBlock.span])
    }
}
