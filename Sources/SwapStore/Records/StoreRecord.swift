import Arena
import Threads
import ZPool
import ZswapCore

/// What entries mean, and what a successor needs to know of the store besides the tables: the
/// driver and configuration of each generation, the compressor of each number, those of new pages,
/// and the start of the clock.
///
///     first frame   | words, runs, times | handshake | open handles | compressors |
///     4 frames      | pools by generation: driver, chain length |
///     2 × 4 frames  | settings text | settings text |              each place: StoreRecord+Fields
///
/// Law: a generation's driver is written before the first entry can name it, and taken away after
/// its last entry went. The pool's configuration is written before the driver. A settings text is
/// written to the cell that is not in force, and then put in force by one word.
/// Price: thirteen frames.
struct StoreRecord {
    /// The layout that this version writes, and the only one that it reads.
    static let layoutVersion: UInt64 = 1
    /// Longest name of a driver or compressor, in bytes.
    static let nameByteCountMax = NamedCell.name.byteCount - ArenaText.headerByteCount
    static let frameCount = 13
    /// Counts stay below this; a larger number in memory is damage.
    static let countMax: UInt64 = 1 << 48

    let arena: Arena
    let run: RunNumber
    private let start: ArenaOffset

    /// A new, empty record, known to the superblock.
    init(in arena: Arena) throws(ArenaError) {
        Fields.layout.check()
        UserBlock.layout.check()
        self.arena = arena
        run = try arena.takeRun(frameCount: Self.frameCount, for: .directory)
        start = arena.offset(of: run, frameCount: Self.frameCount)
        arena.clear(at: start, count: Self.frameCount * Page.byteCount)
        for time in RootTime.allCases { rootTime(time).write(WallClock.now()) }
        self[.layoutVersion] = Self.layoutVersion
        self[.clockBegan] = UInt64(bitPattern: MonotonicClock.nanoseconds)
        arena[UserBlock.storeRecordRun, of: Arena.userBlock] = UInt64(run.rawValue)
    }

    /// The record that the superblock knows; nil in an arena without a store.
    init?(existingIn arena: Arena) {
        let number = arena[UserBlock.storeRecordRun, of: Arena.userBlock]
        let run = RunNumber(rawValue: UInt32(truncatingIfNeeded: number))
        guard number != 0, arena.hasRun(run, frameCount: Self.frameCount) else { return nil }
        self.arena = arena
        self.run = run
        start = arena.offset(of: run, frameCount: Self.frameCount)
    }

    subscript(word: Word) -> UInt64 {
        get { arena[word.field, of: start] }
        nonmutating set { arena[word.field, of: start] = newValue }
    }

    var eventsRun: UInt32 {
        get { arena[Fields.eventsRun, of: start] }
        nonmutating set { arena[Fields.eventsRun, of: start] = newValue }
    }

    /// The run that counts the payload of some generations; 0: there is none yet.
    func payloadRun(_ group: Int) -> UInt32 {
        arena.loadHalfWord(at: start + Fields.payloadRuns.offset(of: group))
    }
    func setPayloadRun(_ group: Int, _ run: UInt32) {
        arena.storeHalfWord(run, at: start + Fields.payloadRuns.offset(of: group))
    }

    /// A run of open handles; 0: there is none.
    func handleRun(_ index: Int) -> UInt32 {
        arena.loadHalfWord(at: start + Fields.handleRuns.offset(of: index))
    }
    func setHandleRun(_ index: Int, _ run: UInt32) {
        arena.storeHalfWord(run, at: start + Fields.handleRuns.offset(of: index))
    }

    enum RootTime: Int, CaseIterable { case accessed, modified, changed }

    func rootTime(_ which: RootTime) -> ArenaTime {
        ArenaTime(arena: arena, start: start + Fields.rootTimes.offset(of: which.rawValue))
    }

    func compressorName(_ number: Int) -> ArenaText { name(Fields.compressors, number) }
    func poolType(_ generation: Int) -> ArenaText { name(Fields.pools, generation) }

    /// The level of a compressor, once workers have codecs of it; 0: they have none.
    func compressorLevelWord(_ number: Int) -> UInt64 {
        arena[NamedCell.number, of: start + Fields.compressors.offset(of: number)]
    }
    func setCompressorLevelWord(_ number: Int, _ word: UInt64) {
        arena[NamedCell.number, of: start + Fields.compressors.offset(of: number)] = word
    }

    /// Clamps the numbers of a predecessor to their ranges, since arithmetic on them could trap.
    func keepToLimits() {
        for word in [
            Word.serverCount, .poolFrameCountMax, .compactedFrameCount, .budgetDay, .budgetSpent,
            .scrubbedPageCount, .damagedPageCount, .recompressedPageCount,
            .recompressedBytesBefore, .recompressedBytesAfter, .coldLoadCount,
            .notSmallerPageCount, .recompressingNanoseconds,
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
            arena: arena, start: start + Fields.handshake.start,
            cellByteCount: Fields.handshake.byteCount)
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
            start: start + Fields.settings.offset(of: Int(number)),
            cellByteCount: Fields.settings.byteCount)
    }

    /// The most frames that pools ever took. One load of a line that seldom changes.
    var poolFrameCountMax: Int { Int(truncatingIfNeeded: self[.poolFrameCountMax]) }
    func raisePoolFrameCountMax(to frameCount: Int) {
        let offset = start + Word.poolFrameCountMax.field
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
        arena.addToWord(UInt64(frameCount), at: start + Word.compactedFrameCount.field)
    }

    /// Pages that were verified, and that were found damaged thereby. One thread counts.
    func addScrubbed(pageCount: Int, damaged damagedCount: Int) {
        self[.scrubbedPageCount] &+= UInt64(pageCount)
        self[.damagedPageCount] &+= UInt64(damagedCount)
    }

    /// A page in the cold form was loaded. Any thread counts.
    func addColdLoad() { arena.addToWord(1, at: start + Word.coldLoadCount.field) }

    /// The chain length that the generation's pool was made with; the default for a driver that
    /// knows no chain. Means nothing while the generation has no pool.
    func chainLength(_ generation: Int) -> Int {
        let cell = start + Fields.pools.offset(of: generation)
        return Int(truncatingIfNeeded: arena[NamedCell.number, of: cell])
    }

    /// A generation gets a pool.
    func announce(_ pool: Zpool, as generation: Int) {
        let cell = start + Fields.pools.offset(of: generation)
        arena[NamedCell.number, of: cell] = UInt64(pool.configuration.chainLength)
        poolType(generation).write(pool.type)
    }

    private func name(_ cells: RecordCells, _ number: Int) -> ArenaText {
        ArenaText(
            arena: arena, start: start + cells.offset(of: number) + NamedCell.name.start,
            cellByteCount: NamedCell.name.byteCount)
    }
}
