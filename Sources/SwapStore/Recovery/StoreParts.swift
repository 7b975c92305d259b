import Arena
import Backing
import Compressors
import Threads
import ZPool
import ZswapCore

/// The parts of a store, created for an empty arena or found in one that a predecessor left.
struct StoreParts {
    var record: StoreRecord
    var events: CounterBlock
    var payloadTally: PayloadTally
    var directory: AreaDirectory
    /// By number, as entries name them.
    var compressors: [any Compressor]
    var codecSettings: CodecSettings
    var clock: StoreClock
    /// By generation: the user of that generation's pool.
    let movers = (0..<Limits.poolsMax).map { ObjectMover(generation: $0) }
    /// By generation.
    var pools = [Zpool?](repeating: nil, count: Limits.poolsMax)
    /// By number.
    var backings = [BackingLog?](repeating: nil, count: Limits.backingsMax)
    var currentGeneration = 1
    var currentCompressor: Int

    /// The parts of an empty store.
    init(
        newIn arena: Arena, _ zpools: ZpoolRegistry, compressors: [any Compressor],
        _ configuration: SwapStore.Configuration
    ) throws(SettingError) {
        guard
            let compressor = compressors.firstIndex(
                where: { $0.name == configuration.compressor })
        else { throw .unknownCompressor(configuration.compressor) }
        do {
            record = try StoreRecord(in: arena)
            events = try CounterBlock(in: arena, wordsPerWorker: StoreEvent.allCases.count)
            payloadTally = try PayloadTally(in: arena, record: record)
        } catch {
            throw .outOfMemory
        }
        record.eventsRun = events.run.rawValue
        record.keepNames(of: compressors)
        directory = AreaDirectory(in: arena, record: record)
        self.compressors = compressors
        currentCompressor = compressor
        codecSettings = CodecSettings(compressorCount: compressors.count, prepared: compressor)
        record.noteCodec(of: compressor, level: nil)
        clock = StoreClock(began: Int64(bitPattern: record[.clockBegan]))
        let pool = try SwapStore.makePool(
            configuration.zpool, arena, zpools, configuration.pool, movers[1])
        pools[1] = pool
        record.announce(pool, as: 1)
        record[.currentGeneration] = 1
        record[.currentCompressor] = UInt64(compressor)
    }

    /// The parts that the arena of a predecessor has; of areas, pools and backing stores only that
    /// they are there: ``StoreRecovery`` finds what is in them.
    init(
        leftIn arena: Arena, _ zpools: ZpoolRegistry, compressors: [any Compressor],
        backings: [Int: BackingLog]
    ) throws(RecoveryError) {
        guard let record = StoreRecord(existingIn: arena),
            arena.claimRun(
                ifThere: record.run, frameCount: StoreRecord.frameCount, for: .directory)
        else { throw .noStore }
        guard record[.layoutVersion] == StoreRecord.layoutVersion else {
            throw .otherLayout(record[.layoutVersion])
        }
        self.record = record
        record.keepToLimits()
        guard
            let events = CounterBlock(
                leftIn: arena, run: record.eventsRun, wordsPerWorker: StoreEvent.allCases.count)
        else { throw .noStore }
        self.events = events
        payloadTally = PayloadTally(leftIn: arena, record: record)
        self.compressors = try record.order(compressors)
        directory = AreaDirectory(in: arena, record: record)
        clock = StoreClock(began: Int64(bitPattern: record[.clockBegan]))
        currentCompressor = min(
            Int(truncatingIfNeeded: record[.currentCompressor] & 31), self.compressors.count - 1)
        codecSettings = record.codecSettings(
            compressorCount: self.compressors.count, current: currentCompressor)
        for (number, log) in backings where number > 0 && number < Limits.backingsMax {
            self.backings[number] = log
        }
        try takePools(zpools, arena)
    }

    /// An empty pool for each generation that has one, for its objects to be adopted into.
    private mutating func takePools(
        _ zpools: ZpoolRegistry, _ arena: Arena
    ) throws(RecoveryError) {
        for generation in 1..<Limits.poolsMax {
            let type = record.poolType(generation).read()
            guard !type.isEmpty else { continue }
            var configuration = PoolConfiguration()
            let chainLength = record.chainLength(generation)
            if Limits.chainLengths.contains(chainLength) { configuration.chainLength = chainLength }
            do {
                pools[generation] = try SwapStore.makePool(
                    type, arena, zpools, configuration, movers[generation])
            } catch .unknownZpool(let name) {
                throw .unknownZpool(name)
            } catch {
                throw .outOfMemory
            }
        }
        let current = Int(truncatingIfNeeded: record[.currentGeneration] & 255)
        guard pools[current] != nil else { throw .noStore }
        currentGeneration = current
    }
}

extension StoreRecord {
    func keepNames(of compressors: [any Compressor]) {
        // A name that stands is not written again: it is not there while it is written.
        for (number, compressor) in compressors.enumerated()
        where compressorName(number).read() != compressor.name {
            compressorName(number).write(compressor.name)
        }
    }

    /// The compressors by the numbers that the record has for them, new ones behind. Throws
    /// `unknownCompressor` for one that is needed and not there.
    func order(
        _ compressors: [any Compressor]
    ) throws(RecoveryError) -> [any Compressor] {
        var ordered: [any Compressor] = []
        var rest = compressors
        for number in 0..<Limits.compressorsMax {
            let name = compressorName(number).read()
            guard !name.isEmpty else { break }
            guard let index = rest.firstIndex(where: { $0.name == name }) else {
                throw .unknownCompressor(name)
            }
            ordered.append(rest.remove(at: index))
        }
        ordered += rest.prefix(Limits.compressorsMax - ordered.count)
        keepNames(of: ordered)
        return ordered
    }

    private static let isPreparedBit: UInt64 = 1
    private static let hasLevelBit: UInt64 = 2

    /// Workers have codecs of a compressor, at this level; nil: its default.
    func noteCodec(of compressor: Int, level: Int?) {
        let bits = level.map {
            UInt64(UInt32(bitPattern: Int32(clamping: $0))) << 32 | Self.hasLevelBit
        }
        setCompressorLevelWord(compressor, (bits ?? 0) | Self.isPreparedBit)
    }

    /// The settings that ``noteCodec(of:level:)`` noted.
    func codecSettings(compressorCount: Int, current: Int) -> CodecSettings {
        var settings = CodecSettings(compressorCount: compressorCount, prepared: current)
        for number in 0..<compressorCount {
            let word = compressorLevelWord(number)
            if word & Self.isPreparedBit != 0 { settings.isPrepared[number] = true }
            if word & Self.hasLevelBit != 0 {
                settings.levels[number] = Int(Int32(truncatingIfNeeded: Int64(word >> 32)))
            }
        }
        return settings
    }
}
