public import Arena
public import Compressors
public import ZPool
import ZswapCore

/// A look at a store that another process works with: whether this version could take it over.
///
///     superblock ─► record: layout version, compressors, drivers ─► all known here?
///
/// Law: nothing is changed. A change meanwhile does no harm, since the take-over checks again.
/// Cost: two reads.
struct StoreGlance {
    private let record: [UInt8]

    /// Nil: there is no store.
    init?(at mapping: StandbyMapping) {
        let word = Arena.userBlock + UserBlock.storeRecordRun
        guard let number = mapping.bytes(at: word, count: 8)?.littleEndianWord, number != 0,
            let start = mapping.offset(
                of: RunNumber(rawValue: UInt32(truncatingIfNeeded: number)),
                frameCount: StoreRecord.frameCount),
            let record = mapping.bytes(at: start, count: StoreRecord.Fields.pools.end)
        else { return nil }
        self.record = record
    }

    var layoutVersion: UInt64 {
        record[StoreRecord.Word.layoutVersion.rawValue...].prefix(8).littleEndianWord
    }

    /// Compressors that entries may name, by number.
    var compressorNames: [String] {
        (0..<Limits.compressorsMax).map { name(StoreRecord.Fields.compressors, $0) }
            .prefix { !$0.isEmpty }
            .map { $0 }
    }

    /// Drivers that have a pool.
    var poolTypes: Set<String> {
        let types = (1..<Limits.poolsMax).map { name(StoreRecord.Fields.pools, $0) }
        return Set(types).subtracting([""])
    }

    private func name(_ cells: RecordCells, _ number: Int) -> String {
        let name = StoreRecord.NamedCell.name
        let start = cells.offset(of: number) + name.start
        return ArenaText.read(copy: record[start..<start + name.byteCount])
    }
}

extension SwapStore {
    /// Why this version could not take over the store that a standby has mapped; nil: it could.
    public static func obstacle(
        toTakingOver mapping: StandbyMapping?, zpools: ZpoolRegistry,
        compressors: CompressorRegistry
    ) -> RecoveryError? {
        guard let glance = mapping.flatMap({ StoreGlance(at: $0) }) else { return .noStore }
        guard glance.layoutVersion == StoreRecord.layoutVersion else {
            return .otherLayout(glance.layoutVersion)
        }
        let known = Set(compressors.all.map(\.name))
        if let name = glance.compressorNames.first(where: { !known.contains($0) }) {
            return .unknownCompressor(name)
        }
        let types = Set(zpools.types)
        if let type = glance.poolTypes.sorted().first(where: { !types.contains($0) }) {
            return .unknownZpool(type)
        }
        return nil
    }
}
