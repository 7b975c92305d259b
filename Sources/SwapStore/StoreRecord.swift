import Arena
import Threads
import ZPool
import ZswapCore

/// What entries mean, and what a successor has to know of the store besides the tables: which
/// driver a generation is and what it was told, which compressor a number, which of them new pages
/// get, what the clock began with.
///
///     0     run of the store's counters (4)            8  layout version
///     16    current generation   24  current compressor
///     32    clock: begin (ns)    48  predecessors of this server   56  settings text in force
///     64    runs of the payload tally by eight generations, 32 × 4 bytes
///     192   times of the root directory: accessed, modified, changed, 16 bytes each
///     240   most pool frames     248  frames freed by compaction
///     256   write-back budget: begin of the day   264  blocks written in it
///     272   pages verified   280  pages found damaged
///     288   write-back that was asked for and is under way; 0: none
///     512   handshake with the kernel, 512 bytes
///     1024  runs of open handles, 256 × 4 bytes
///     2048  compressors, 32 × 64 bytes: | name 56 | level 8 |
///     4096  pools by generation, 256 × 64 bytes: | driver 56 | chain length 8 |
///           an empty driver: the generation has no pool
///     20480 two settings texts, 16 KiB each
///
/// Law: a generation's driver is written before the first entry can name it, and taken away after
/// its last entry went. What the pool was told stands there before the driver does. A settings text
/// is written to the cell that is not in force, and then put in force by one word.
/// Price: thirteen frames.
struct StoreRecord {
    /// The layout that this version writes, and the only one that it reads.
    static let layoutVersion: UInt64 = 1
    /// Longest name of a driver or compressor, in bytes.
    static let nameByteCountMax = nameCellByteCount - 8
    /// Where the superblock keeps the run of this record.
    /// The area directory's runs come before.
    static let runWord = 2048
    static let frameCount = 13
    /// What is counted stays below this; a larger number in memory is damage.
    static let countMax: UInt64 = 1 << 48
    static let cellByteCount = 64
    /// What of a cell is for the name.
    static let nameCellByteCount = 56
    /// A line of its own: read for each page.
    private static let payloadRunsStart = 64
    private static let rootTimesStart = 192
    private static let handshakeStart = 512
    private static let handshakeCellByteCount = 512
    private static let handleRunsStart = 1024
    /// Most runs of open handles.
    static let handleRunCountMax = 256
    static let compressorsStart = 2048
    static let poolsStart = Page.byteCount
    private static let settingsStart = 5 * Page.byteCount
    private static let settingsCellByteCount = 4 * Page.byteCount

    let arena: Arena
    let run: RunNumber
    private let start: ArenaOffset

    /// A new, empty record, known to the superblock.
    init(in arena: Arena) throws(ArenaError) {
        invariant(
            Self.poolsStart + Limits.poolsMax * Self.cellByteCount
                <= Self.settingsStart)
        invariant(
            Self.settingsStart + 2 * Self.settingsCellByteCount
                <= Self.frameCount * Page.byteCount)
        self.arena = arena
        run = try arena.takeRun(frameCount: Self.frameCount, for: .directory)
        start = arena.offset(of: run, frameCount: Self.frameCount)
        arena.clear(at: start, count: Self.frameCount * Page.byteCount)
        for time in RootTime.allCases { rootTime(time).write(WallClock.now()) }
        arena.storeWord(Self.layoutVersion, at: start + Word.layoutVersion.rawValue)
        arena.storeWord(
            UInt64(bitPattern: MonotonicClock.nanoseconds), at: start + Word.clockBegan.rawValue)
        arena.storeWord(UInt64(run.rawValue), at: Arena.userBlock + Self.runWord)
    }

    /// The record that the superblock knows; nil in an arena without a store.
    init?(existingIn arena: Arena) {
        let number = arena.loadWord(at: Arena.userBlock + Self.runWord)
        let run = RunNumber(rawValue: UInt32(truncatingIfNeeded: number))
        guard number != 0, arena.hasRun(run, frameCount: Self.frameCount) else { return nil }
        self.arena = arena
        self.run = run
        start = arena.offset(of: run, frameCount: Self.frameCount)
    }

    /// Words of the first frame, by their place in bytes.
    enum Word: Int {
        case layoutVersion = 8
        case currentGeneration = 16
        case currentCompressor = 24
        case clockBegan = 32
        case serverCount = 48
        case settingsCell = 56
        case poolFrameCountMax = 240
        case compactedFrameCount = 248
        case budgetDay = 256
        case budgetSpent = 264
        case scrubbedPageCount = 272
        case damagedPageCount = 280
        case writeBackJob = 288
    }

    subscript(word: Word) -> UInt64 {
        get { arena.loadWord(at: start + word.rawValue) }
        nonmutating set { arena.storeWord(newValue, at: start + word.rawValue) }
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

    /// A run of open handles; 0: there is none.
    func handleRun(_ index: Int) -> UInt32 {
        arena.loadHalfWord(at: start + Self.handleRunsStart + index * 4)
    }
    func setHandleRun(_ index: Int, _ run: UInt32) {
        arena.storeHalfWord(run, at: start + Self.handleRunsStart + index * 4)
    }

    enum RootTime: Int, CaseIterable { case accessed, modified, changed }

    func rootTime(_ which: RootTime) -> ArenaTime {
        ArenaTime(arena: arena, start: start + Self.rootTimesStart + which.rawValue * 16)
    }

    func compressorName(_ number: Int) -> ArenaText { name(Self.compressorsStart, number) }
    func poolType(_ generation: Int) -> ArenaText { name(Self.poolsStart, generation) }

    /// The level of a compressor, once workers have codecs of it; 0: they have none.
    func compressorLevelWord(_ number: Int) -> UInt64 {
        arena.loadWord(at: cell(Self.compressorsStart, number) + Self.nameCellByteCount)
    }
    func setCompressorLevelWord(_ number: Int, _ word: UInt64) {
        arena.storeWord(word, at: cell(Self.compressorsStart, number) + Self.nameCellByteCount)
    }

    /// Brings numbers of a predecessor, with which others calculate, into their ranges.
    func keepToLimits() {
        for word in [
            Word.serverCount, .poolFrameCountMax, .compactedFrameCount, .budgetDay, .budgetSpent,
            .scrubbedPageCount, .damagedPageCount,
        ] where self[word] > Self.countMax {
            self[word] = 0
        }
        // Before now, and after the machine started.
        let began = Int64(bitPattern: self[.clockBegan])
        let now = MonotonicClock.nanoseconds
        if began > now || began < now - Self.clockNanosecondsMax {
            self[.clockBegan] = UInt64(bitPattern: now)
        }
    }
    /// A hundred years.
    private static let clockNanosecondsMax: Int64 = 100 * 366 * 86400 * 1_000_000_000

    /// The kernel's first request, as it came.
    var handshake: ArenaText {
        ArenaText(
            arena: arena, start: start + Self.handshakeStart,
            cellByteCount: Self.handshakeCellByteCount)
    }

    /// The settings text in force; empty until one was kept.
    var settings: String { settingsCell(self[.settingsCell] & 1).read() }

    /// Puts a settings text in force. False if it is too long. One caller at a time.
    func keepSettings(_ text: String) -> Bool {
        let next = 1 - self[.settingsCell] & 1
        let cell = settingsCell(next)
        guard text.utf8.count <= cell.textByteCountMax else { return false }
        cell.write(text)
        self[.settingsCell] = next
        return true
    }

    private func settingsCell(_ number: UInt64) -> ArenaText {
        ArenaText(
            arena: arena,
            start: start + Self.settingsStart + Int(number) * Self.settingsCellByteCount,
            cellByteCount: Self.settingsCellByteCount)
    }

    /// The most frames that pools ever took. One load of a line that seldom changes.
    var poolFrameCountMax: Int { Int(truncatingIfNeeded: self[.poolFrameCountMax]) }
    func raisePoolFrameCountMax(to frameCount: Int) {
        let offset = start + Word.poolFrameCountMax.rawValue
        var old = arena.loadWord(at: offset)
        while old < UInt64(frameCount) {
            let (isExchanged, original) = arena.compareExchangeWord(
                expected: old, desired: UInt64(frameCount), at: offset)
            if isExchanged { return }
            old = original
        }
    }

    /// Frames that compaction freed.
    var compactedFrameCount: Int { Int(truncatingIfNeeded: self[.compactedFrameCount]) }
    func addCompactedFrames(_ frameCount: Int) {
        arena.addToWord(UInt64(frameCount), at: start + Word.compactedFrameCount.rawValue)
    }

    /// Pages that were verified, and that were found damaged thereby. One thread counts.
    func addScrubbed(pageCount: Int, damaged damagedCount: Int) {
        self[.scrubbedPageCount] &+= UInt64(pageCount)
        self[.damagedPageCount] &+= UInt64(damagedCount)
    }

    /// The chain length that the generation's pool was made with; the default for a driver that
    /// knows no chain. Means nothing while the generation has no pool.
    func chainLength(_ generation: Int) -> Int {
        Int(truncatingIfNeeded: arena.loadWord(at: chainLengthOffset(generation)))
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
