import Arena
import Threads
import ZPool
import ZswapCore

/// What entries mean: which driver a generation is and what it was told, which compressor a number.
/// In the arena, so that a new process can read every entry that an old one left.
///
///     0 run of the store's counters
///     64 … runs of the payload tally by eight generations, 32 × 4 bytes
///     192 … times of the root directory: accessed, modified, changed, 16 bytes each
///     2048 … compressors, 32 × 64 bytes
///     4096 … pools by generation, 256 × 64 bytes: | driver 56 | chain length 8 |
///            an empty driver: the generation has no pool
///
/// Law: a generation's driver is written before the first entry can name it, and taken away after
/// its last entry went. What the pool was told stands there before the driver does.
/// Price: five frames.
struct StoreRecord {
    /// Longest name of a driver or compressor, in bytes.
    static let nameByteCountMax = nameCellByteCount - 8
    /// Where the superblock keeps the run of this record.
    /// The area directory's runs come before.
    static let runWord = 2048
    private static let frameCount = 5
    private static let cellByteCount = 64
    /// What of a cell is for the name.
    private static let nameCellByteCount = 56
    /// A line of its own: read for each page.
    private static let payloadRunsStart = 64
    private static let rootTimesStart = 192
    private static let compressorsStart = 2048
    private static let poolsStart = Page.byteCount

    private let arena: Arena
    private let start: ArenaOffset

    /// A new, empty record, known to the superblock.
    init(in arena: Arena) throws(ArenaError) {
        invariant(
            Self.poolsStart + Limits.poolsMax * Self.cellByteCount
                <= Self.frameCount * Page.byteCount)
        self.arena = arena
        let run = try arena.takeRun(frameCount: Self.frameCount, for: .directory)
        start = arena.offset(of: run, frameCount: Self.frameCount)
        arena.clear(at: start, count: Self.frameCount * Page.byteCount)
        for time in RootTime.allCases { rootTime(time).write(WallClock.now()) }
        arena.storeWord(UInt64(run.rawValue), at: Arena.userBlock + Self.runWord)
    }

    /// The record that the superblock knows; nil in an arena without a store.
    init?(existingIn arena: Arena) {
        let number = arena.loadWord(at: Arena.userBlock + Self.runWord)
        guard number != 0 else { return nil }
        self.arena = arena
        start = arena.offset(
            of: RunNumber(rawValue: UInt32(number)), frameCount: Self.frameCount)
    }

    var eventsRun: UInt32 {
        get { arena.loadHalfWord(at: start) }
        nonmutating set { arena.storeHalfWord(newValue, at: start) }
    }

    /// The run that counts the payload of some generations; 0: there is none yet.
    func payloadRun(_ group: Int) -> UInt32 {
        arena.loadHalfWord(at: start + Self.payloadRunsStart + group * 4)
    }
    func setPayloadRun(_ group: Int, _ run: UInt32) {
        arena.storeHalfWord(run, at: start + Self.payloadRunsStart + group * 4)
    }

    enum RootTime: Int, CaseIterable { case accessed, modified, changed }

    func rootTime(_ which: RootTime) -> ArenaTime {
        ArenaTime(arena: arena, start: start + Self.rootTimesStart + which.rawValue * 16)
    }

    func compressorName(_ number: Int) -> ArenaText { name(Self.compressorsStart, number) }
    func poolType(_ generation: Int) -> ArenaText { name(Self.poolsStart, generation) }

    /// The chain length that the generation's pool was made with; the default for a driver that
    /// knows no chain. Means nothing while the generation has no pool.
    func chainLength(_ generation: Int) -> Int {
        Int(arena.loadWord(at: chainLengthOffset(generation)))
    }

    /// A generation gets a pool.
    func announce(_ pool: Zpool, as generation: Int) {
        arena.storeWord(
            UInt64(pool.configuration.chainLength), at: chainLengthOffset(generation))
        poolType(generation).write(pool.type)
    }

    private func chainLengthOffset(_ generation: Int) -> ArenaOffset {
        cell(Self.poolsStart, generation) + Self.nameCellByteCount
    }

    private func name(_ first: Int, _ index: Int) -> ArenaText {
        ArenaText(
            arena: arena, start: cell(first, index), cellByteCount: Self.nameCellByteCount)
    }

    private func cell(_ first: Int, _ index: Int) -> ArenaOffset {
        start + first + index * Self.cellByteCount
    }
}
