import Arena
import Threads
import ZswapCore

/// One area in the area directory: 1024 bytes of the arena.
///
///     0 state   8 size in bytes   16 mode, uid   24 gid
///     56 root of the page table   64 counters    72 name's cell  80 birth (ns)   256, 520 names
///     88 compressor   92 writes back   96 limit in bytes
///     104 look-ups               128 refused pages
///     136 bytes on the backing store
///     144 accessed   160 modified   176 changed: seconds, nanoseconds
///
/// Law: the state is written last when an area appears and first when it goes. What serving threads
/// write is not on the cache line of what they read.
struct AreaRecord {
    enum State: UInt64 { case free = 0, linked = 1, unlinked = 2 }

    static let byteCount = 1024
    private static let nameStart = 256
    private static let nameCellByteCount = 264

    let arena: Arena
    let start: ArenaOffset

    var state: State {
        get { State(rawValue: arena.loadWord(at: start)) ?? .free }
        nonmutating set { arena.storeWord(newValue.rawValue, at: start) }
    }
    var sizeOffset: ArenaOffset { start + 8 }
    var mode: UInt32 {
        get { arena.loadHalfWord(at: start + 16) }
        nonmutating set { arena.storeHalfWord(newValue, at: start + 16) }
    }
    var userID: UInt32 {
        get { arena.loadHalfWord(at: start + 20) }
        nonmutating set { arena.storeHalfWord(newValue, at: start + 20) }
    }
    var groupID: UInt32 {
        get { arena.loadHalfWord(at: start + 24) }
        nonmutating set { arena.storeHalfWord(newValue, at: start + 24) }
    }
    var accessed: FileTime {
        get { time(144).read() }
        nonmutating set { time(144).write(newValue) }
    }
    var modified: FileTime {
        get { time(160).read() }
        nonmutating set { time(160).write(newValue) }
    }
    var changed: FileTime {
        get { time(176).read() }
        nonmutating set { time(176).write(newValue) }
    }
    var birth: UInt64 {
        get { arena.loadWord(at: start + 80) }
        nonmutating set { arena.storeWord(newValue, at: start + 80) }
    }
    var root: RunNumber? {
        get {
            let run = arena.loadHalfWord(at: start + 56)
            return run == 0 ? nil : RunNumber(rawValue: run)
        }
        nonmutating set { arena.storeHalfWord(newValue?.rawValue ?? 0, at: start + 56) }
    }
    var counters: UInt32 {
        get { arena.loadHalfWord(at: start + 64) }
        nonmutating set { arena.storeHalfWord(newValue, at: start + 64) }
    }

    /// The number of its own compressor, if it has one. 0 in the arena says that it has none, as
    /// with the two that follow, so that a record of zeros inherits everything.
    var compressor: Int? {
        get {
            let word = arena.loadHalfWord(at: compressorOffset)
            return word == 0 ? nil : Int(word) - 1
        }
        nonmutating set {
            arena.storeHalfWord(newValue.map { UInt32($0) + 1 } ?? 0, at: compressorOffset)
        }
    }
    var compressorOffset: ArenaOffset { start + 88 }
    var allowsWriteBack: Bool? {
        get {
            switch arena.loadHalfWord(at: start + 92) {
            case 0: nil
            case 1: true
            default: false
            }
        }
        nonmutating set {
            arena.storeHalfWord(newValue.map { $0 ? 1 : 2 } ?? 0, at: start + 92)
        }
    }
    var byteCountMax: UInt64? {
        get {
            let word = arena.loadWord(at: byteCountMaxOffset)
            return word == 0 ? nil : word - 1
        }
        nonmutating set { arena.storeWord(newValue.map { $0 + 1 } ?? 0, at: byteCountMaxOffset) }
    }
    var byteCountMaxOffset: ArenaOffset { start + 96 }

    /// Look-ups that the kernel has not taken back.
    var lookupCount: UInt64 {
        get { arena.loadWord(at: start + 104) }
        nonmutating set { arena.storeWord(newValue, at: start + 104) }
    }

    /// Pages of it that were refused since it was made.
    var refusedPageCount: UInt64 {
        get { arena.loadWord(at: refusedPagesOffset) }
        nonmutating set { arena.storeWord(newValue, at: refusedPagesOffset) }
    }
    var refusedPagesOffset: ArenaOffset { start + 128 }

    /// Bytes of its objects on backing stores. Here, and not in each worker's counters: it changes
    /// only when a page goes to a disk or leaves it.
    var backedByteCount: Int { Int(Int64(bitPattern: arena.loadWord(at: backedBytesOffset))) }
    func addBackedBytes(_ byteCount: Int) {
        arena.addToWord(UInt64(bitPattern: Int64(byteCount)), at: backedBytesOffset)
    }
    func setBackedBytes(_ byteCount: Int) {
        arena.storeWord(UInt64(byteCount), at: backedBytesOffset)
    }
    private var backedBytesOffset: ArenaOffset { start + 136 }

    /// Brings numbers of a predecessor's record, with which others calculate, into their ranges.
    func keepToLimits() {
        if arena.loadWord(at: sizeOffset) > Limits.areaByteCountMax {
            arena.storeWord(Limits.areaByteCountMax, at: sizeOffset)
        }
        if let limit = byteCountMax, limit > Limits.areaByteCountMax {
            byteCountMax = Limits.areaByteCountMax
        }
        if refusedPageCount > StoreRecord.countMax { refusedPageCount = 0 }
        if lookupCount > StoreRecord.countMax { lookupCount = 0 }
    }

    private func time(_ place: Int) -> ArenaTime {
        ArenaTime(arena: arena, start: start + place)
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
        get { ByteText(nameCell(arena.loadWord(at: start + 72) & 1).read()) }
        nonmutating set {
            let next = 1 - arena.loadWord(at: start + 72) & 1
            nameCell(next).write(newValue.text)
            arena.storeWord(UInt64(MonotonicClock.nanoseconds) << 1 | next, at: start + 72)
        }
    }
    /// Orders areas by when they got their names. Two have the same name only where a process ended
    /// while one replaced the other.
    var namedAt: UInt64 { arena.loadWord(at: start + 72) >> 1 }

    private func nameCell(_ number: UInt64) -> ArenaText {
        ArenaText(
            arena: arena,
            start: start + Self.nameStart + Int(number) * Self.nameCellByteCount,
            cellByteCount: Self.nameCellByteCount)
    }
}
