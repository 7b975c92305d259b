import Arena
import ZswapCore

/// One area in the area directory: 512 bytes of the arena.
///
///     0 state   8 size in bytes   16 mode, uid   24 gid   32 accessed, modified, changed (ns)
///     56 root of the page table   64 counters    72 name length    256 ... 511 name
///
/// Law: the state is written last when an area appears and first when it goes.
struct AreaRecord {
    enum State: UInt64 { case free = 0, linked = 1, unlinked = 2 }

    static let byteCount = 512
    private static let nameStart = 256

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
    var accessed: UInt64 {
        get { arena.loadWord(at: start + 32) }
        nonmutating set { arena.storeWord(newValue, at: start + 32) }
    }
    var modified: UInt64 {
        get { arena.loadWord(at: start + 40) }
        nonmutating set { arena.storeWord(newValue, at: start + 40) }
    }
    var changed: UInt64 {
        get { arena.loadWord(at: start + 48) }
        nonmutating set { arena.storeWord(newValue, at: start + 48) }
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

    func setName(_ name: String) {
        let bytes = Array(name.utf8)
        precondition(bytes.count <= Limits.areaNameByteCountMax)
        arena.clear(at: start + Self.nameStart, count: Self.byteCount - Self.nameStart)
        for (index, group) in stride(from: 0, to: bytes.count, by: 8).enumerated() {
            let word = bytes[group..<min(group + 8, bytes.count)].reversed()
                .reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            arena.storeWord(word, at: start + Self.nameStart + index * 8)
        }
        arena.storeWord(UInt64(bytes.count), at: start + 72)
    }
}
