import ZswapCore

/// A compression algorithm by its name: what is registered, chosen and shown. It compresses nothing
/// itself; it makes a ``Codec`` for each thread that does.
///
///     Compressor  --makeCodec(level:)-->  Codec  --kept by a worker's-->  CodecScratch
///     one a process                       one a worker and compressor     one a worker
///
/// Law: what one codec of a compressor wrote, every codec of that compressor reads, whatever its
/// level.
public protocol Compressor: Sendable {
    /// Its name, as users write it: "lz4". See ``CompressorRegistry/register(_:)`` for the rules.
    var name: String { get }

    /// The levels it can be run at; nil when there is only one way to run it.
    var levels: CompressorLevels? { get }

    /// A codec with all the memory it will ever need. `level` is one of ``levels``, and without
    /// meaning when there are none. Throws `outOfMemory`. Allocates, so not on the serving path.
    func makeCodec(level: Int) throws(CompressorError) -> any Codec
}

extension Compressor {
    /// No levels, unless the compressor says otherwise.
    public var levels: CompressorLevels? { nil }

    /// The level meant by `requested`: the default for nil. Throws `levelOutOfRange`.
    public func level(for requested: Int?) throws(CompressorError) -> Int {
        guard let levels else {
            guard requested == nil else { throw .levelOutOfRange }
            return 0
        }
        let level = requested ?? levels.standard
        guard levels.range.contains(level) else { throw .levelOutOfRange }
        return level
    }
}

/// The levels of a compressor: higher is smaller and slower, as the algorithm's own users know
/// them.
public struct CompressorLevels: Equatable, Sendable {
    /// Every level that can be asked for.
    public let range: ClosedRange<Int>
    /// The level when none is asked for.
    public let standard: Int

    /// Levels with a default among them.
    public init(_ range: ClosedRange<Int>, standard: Int) {
        invariant(range.contains(standard))
        self.range = range
        self.standard = standard
    }
}
