import Compressors
import Synchronization
import ZswapCore

/// A compressor that shows its level: a page whose second half is zeros takes 3000 bytes and as
/// many more as the level says. Counts its codecs, and refuses some of them.
struct LevelledHalves: Compressor {
    /// The state that all codecs of one compressor share.
    final class Ledger: Sendable {
        /// Codecs that are there now.
        let liveCount = Atomic<Int>(0)
        /// Codecs that may still be made.
        let leftCount = Atomic<Int>(.max)
    }

    let name: String
    let levels: CompressorLevels?
    let ledger = Ledger()

    init(name: String = "halves", levels: CompressorLevels? = CompressorLevels(1...9, standard: 3))
    {
        self.name = name
        self.levels = levels
    }

    static let baseByteCount = 3000

    func makeCodec(level: Int) throws(CompressorError) -> any Codec {
        let left = ledger.leftCount.wrappingSubtract(1, ordering: .relaxed).newValue
        guard left >= 0 else { throw .outOfMemory }
        return LevelledHalvesCodec(level: level, ledger: ledger)
    }
}

private final class LevelledHalvesCodec: Codec {
    private let level: Int
    private let ledger: LevelledHalves.Ledger

    init(level: Int, ledger: LevelledHalves.Ledger) {
        self.level = level
        self.ledger = ledger
        ledger.liveCount.add(1, ordering: .relaxed)
    }

    deinit { ledger.liveCount.subtract(1, ordering: .relaxed) }

    var byteCount: Int { 0 }

    func compress(_ page: RawSpan, into output: inout MutableRawSpan) -> CompressionResult {
        let length = LevelledHalves.baseByteCount + level
        guard output.byteCount >= length else { return .tooLarge }
        for index in 0..<length {
            let byte = page.unsafeLoad(fromByteOffset: index, as: UInt8.self)
            output.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
        }
        return .compressed(byteCount: length)
    }

    func decompress(_ object: RawSpan, into page: inout MutableRawSpan) -> Bool {
        for index in 0..<page.byteCount {
            let byte: UInt8 =
                index < object.byteCount
                ? object.unsafeLoad(fromByteOffset: index, as: UInt8.self) : 0
            page.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
        }
        return true
    }
}
