import Arena
import Threads
import ZswapCore

/// One area in the area directory: 1024 bytes of the arena.
///
///     0    state, size, mode and owner, page table, counters, overrides, look-ups
///     128  refused pages, bytes on the backing store, times
///     256  two names, one in force                                 each place: Fields
///
/// Law: the state is written last when an area is created and first when it is removed. Serving
/// threads read and write different cache lines of the record.
struct AreaRecord {
    enum State: UInt64 { case free = 0, linked = 1, unlinked = 2 }

    static let byteCount = 1024

    /// The places of the record's fields. Times are seconds and nanoseconds.
    enum Fields {
        static var state: RecordField<UInt64> { RecordField(at: 0) }
        /// In bytes.
        static var size: RecordField<UInt64> { RecordField(at: 8) }
        static var mode: RecordField<UInt32> { RecordField(at: 16) }
        static var userID: RecordField<UInt32> { RecordField(at: 20) }
        static var groupID: RecordField<UInt32> { RecordField(at: 24) }
        /// The run of the page table's root; 0: there is none.
        static var root: RecordField<UInt32> { RecordField(at: 56) }
        /// The run of its counters; 0: there is none.
        static var counters: RecordField<UInt32> { RecordField(at: 64) }
        /// The name in force, and since when: nanoseconds times 2, plus the cell's number.
        static var naming: RecordField<UInt64> { RecordField(at: 72) }
        /// In nanoseconds.
        static var birth: RecordField<UInt64> { RecordField(at: 80) }
        /// Its own compressor's number + 1; 0: it has none.
        static var compressor: RecordField<UInt32> { RecordField(at: 88) }
        /// 1: its pages may be written back; 2: they may not; 0: as the store says.
        static var writesBack: RecordField<UInt32> { RecordField(at: 92) }
        /// Its own limit in bytes + 1; 0: it has none.
        static var byteCountMax: RecordField<UInt64> { RecordField(at: 96) }
        static var lookupCount: RecordField<UInt64> { RecordField(at: 104) }
        /// Its own age of cold pages in seconds + 1, 1: never; 0: it has none.
        static var coldAfter: RecordField<UInt32> { RecordField(at: 112) }
        static var refusedPageCount: RecordField<UInt64> { RecordField(at: 128) }
        static var backedByteCount: RecordField<UInt64> { RecordField(at: 136) }
        static var accessed: RecordCells { time(at: 144) }
        static var modified: RecordCells { time(at: 160) }
        static var changed: RecordCells { time(at: 176) }
        /// Texts.
        static var names: RecordCells { RecordCells(at: 256, byteCount: 264, count: 2) }

        static var layout: RecordLayout {
            RecordLayout(
                byteCount: byteCount,
                spans: [
                    state.span, size.span, mode.span, userID.span, groupID.span, root.span,
                    counters.span, naming.span, birth.span, compressor.span, writesBack.span,
                    byteCountMax.span, lookupCount.span, coldAfter.span, refusedPageCount.span,
                    backedByteCount.span, accessed.span, modified.span, changed.span, names.span,
                ])
        }

        private static func time(at place: Int) -> RecordCells {
            RecordCells(at: place, byteCount: ArenaTime.byteCount, alignment: ArenaTime.byteCount)
        }
    }

    let arena: Arena
    let start: ArenaOffset

    var state: State {
        get { State(rawValue: arena[Fields.state, of: start]) ?? .free }
        nonmutating set { arena[Fields.state, of: start] = newValue.rawValue }
    }
    var sizeOffset: ArenaOffset { start + Fields.size }
    var mode: UInt32 {
        get { arena[Fields.mode, of: start] }
        nonmutating set { arena[Fields.mode, of: start] = newValue }
    }
    var userID: UInt32 {
        get { arena[Fields.userID, of: start] }
        nonmutating set { arena[Fields.userID, of: start] = newValue }
    }
    var groupID: UInt32 {
        get { arena[Fields.groupID, of: start] }
        nonmutating set { arena[Fields.groupID, of: start] = newValue }
    }
    var accessed: FileTime {
        get { time(Fields.accessed).read() }
        nonmutating set { time(Fields.accessed).write(newValue) }
    }
    var modified: FileTime {
        get { time(Fields.modified).read() }
        nonmutating set { time(Fields.modified).write(newValue) }
    }
    var changed: FileTime {
        get { time(Fields.changed).read() }
        nonmutating set { time(Fields.changed).write(newValue) }
    }
    var birth: UInt64 {
        get { arena[Fields.birth, of: start] }
        nonmutating set { arena[Fields.birth, of: start] = newValue }
    }
    var root: RunNumber? {
        get {
            let run = arena[Fields.root, of: start]
            return run == 0 ? nil : RunNumber(rawValue: run)
        }
        nonmutating set { arena[Fields.root, of: start] = newValue?.rawValue ?? 0 }
    }
    var counters: UInt32 {
        get { arena[Fields.counters, of: start] }
        nonmutating set { arena[Fields.counters, of: start] = newValue }
    }

    /// The number of its own compressor, if it has one. 0 in the arena means none, also for the
    /// overrides below, so a record of zeros inherits everything.
    var compressor: Int? {
        get {
            let word = arena[Fields.compressor, of: start]
            return word == 0 ? nil : Int(word) - 1
        }
        nonmutating set {
            arena[Fields.compressor, of: start] = newValue.map { UInt32($0) + 1 } ?? 0
        }
    }
    var compressorOffset: ArenaOffset { start + Fields.compressor }
    var allowsWriteBack: Bool? {
        get {
            switch arena[Fields.writesBack, of: start] {
            case 0: nil
            case 1: true
            default: false
            }
        }
        nonmutating set {
            arena[Fields.writesBack, of: start] = newValue.map { $0 ? 1 : 2 } ?? 0
        }
    }
    var byteCountMax: UInt64? {
        get {
            let word = arena[Fields.byteCountMax, of: start]
            return word == 0 ? nil : word - 1
        }
        nonmutating set { arena[Fields.byteCountMax, of: start] = newValue.map { $0 + 1 } ?? 0 }
    }

    /// 0: never.
    var coldAfterSeconds: Int? {
        get {
            let word = arena[Fields.coldAfter, of: start]
            return word == 0 ? nil : Int(word) - 1
        }
        nonmutating set {
            arena[Fields.coldAfter, of: start] = newValue.map { UInt32($0) + 1 } ?? 0
        }
    }

    /// Look-ups that the kernel has not taken back.
    var lookupCount: UInt64 {
        get { arena[Fields.lookupCount, of: start] }
        nonmutating set { arena[Fields.lookupCount, of: start] = newValue }
    }

    /// Pages of it that were refused since it was created.
    var refusedPageCount: UInt64 {
        get { arena[Fields.refusedPageCount, of: start] }
        nonmutating set { arena[Fields.refusedPageCount, of: start] = newValue }
    }
    var refusedPagesOffset: ArenaOffset { start + Fields.refusedPageCount }

    /// Bytes of its objects on backing stores. Here, and not in each worker's counters: it changes
    /// only when a page goes to a disk or leaves it.
    var backedByteCount: Int { Int(Int64(bitPattern: arena[Fields.backedByteCount, of: start])) }
    func addBackedBytes(_ byteCount: Int) {
        arena.addToWord(
            UInt64(bitPattern: Int64(byteCount)), at: start + Fields.backedByteCount)
    }
    func setBackedBytes(_ byteCount: Int) {
        arena[Fields.backedByteCount, of: start] = UInt64(byteCount)
    }

    /// Clamps the numbers of a predecessor's record to their ranges, since arithmetic on them could
    /// trap.
    func keepToLimits() {
        if arena[Fields.size, of: start] > Limits.areaByteCountMax {
            arena[Fields.size, of: start] = Limits.areaByteCountMax
        }
        if let limit = byteCountMax, limit > Limits.areaByteCountMax {
            byteCountMax = Limits.areaByteCountMax
        }
        if coldAfterSeconds ?? 0 > Limits.coldSeconds.upperBound { coldAfterSeconds = nil }
        if refusedPageCount > StoreRecord.countMax { refusedPageCount = 0 }
        if lookupCount > StoreRecord.countMax { lookupCount = 0 }
    }

    private func time(_ field: RecordCells) -> ArenaTime {
        ArenaTime(arena: arena, start: start + field.start)
    }

    /// The content changes now, and with it the record does.
    func noteModification() {
        let now = WallClock.now()
        modified = now
        changed = now
    }

    /// The name in force: one of two cells, the other of which takes the next name, so that a
    /// daemon killed while it renames leaves the old name or the new one. One word says which cell
    /// and when it was named.
    var name: ByteText {
        get { ByteText(nameCell(arena[Fields.naming, of: start] & 1).read()) }
        nonmutating set {
            let next = 1 - arena[Fields.naming, of: start] & 1
            nameCell(next).write(newValue.text)
            arena[Fields.naming, of: start] = UInt64(MonotonicClock.nanoseconds) << 1 | next
        }
    }
    /// Orders areas by when they got their names. Two have the same name only where a process ended
    /// while one replaced the other.
    var namedAt: UInt64 { arena[Fields.naming, of: start] >> 1 }

    private func nameCell(_ number: UInt64) -> ArenaText {
        ArenaText(
            arena: arena, start: start + Fields.names.offset(of: Int(number)),
            cellByteCount: Fields.names.byteCount)
    }
}
