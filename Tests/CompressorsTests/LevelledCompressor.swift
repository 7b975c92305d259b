import Compressors
import Testing

/// A registered compressor at one of its levels: the lowest, the default and the highest of each
/// are tried.
struct LevelledCompressor: CustomTestStringConvertible, Sendable {
    let name: String
    /// Nil: the compressor has no levels.
    let level: Int?
    /// Whether it is what one gets without asking.
    let isStandard: Bool

    static let all: [LevelledCompressor] = CompressorRegistry.standard().all.flatMap { compressor in
        guard let levels = compressor.levels else {
            return [LevelledCompressor(name: compressor.name, level: nil, isStandard: true)]
        }
        let three = Set([levels.range.lowerBound, levels.standard, levels.range.upperBound])
        return three.sorted().map {
            LevelledCompressor(name: compressor.name, level: $0, isStandard: $0 == levels.standard)
        }
    }

    var testDescription: String { level.map { "\(name) \($0)" } ?? name }

    func makeCodec() throws -> any Codec {
        let compressor = try #require(CompressorRegistry.standard().compressor(named: name))
        return try compressor.makeCodec(level: compressor.level(for: level))
    }

    func makeScratch() throws -> CodecScratch {
        let compressor = try #require(CompressorRegistry.standard().compressor(named: name))
        return try CodecScratch([compressor], levels: [level])
    }
}
