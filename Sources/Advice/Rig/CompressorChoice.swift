package import Compressors

/// A compressor to try and the level to run it at, as people write it: `zstd`, or `zstd:9`.
public struct CompressorChoice: CustomStringConvertible, Sendable {
    /// Every compressor there is, at its default level.
    public static var all: [CompressorChoice] {
        CompressorRegistry.standard().all.map { CompressorChoice($0) }
    }

    /// The accepted texts, for messages.
    public static var expected: String {
        "one of \(all.map(\.description).joined(separator: ", ")), and :LEVEL"
    }

    /// The compressor.
    package let compressor: any Compressor
    /// The level; nil: its default.
    package let level: Int?

    /// A compressor at a level, which must be one of its own; nil: its default.
    package init(_ compressor: any Compressor, level: Int? = nil) {
        self.compressor = compressor
        self.level = level
    }

    /// Nil when the compressor is unknown or does not have the level.
    public init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let registry = CompressorRegistry.standard()
        guard let compressor = registry.compressor(named: String(parts[0])) else { return nil }
        self.compressor = compressor
        guard parts.count == 2 else {
            level = nil
            return
        }
        guard let level = Int(parts[1]), compressor.levels?.range.contains(level) == true else {
            return nil
        }
        self.level = level
    }

    /// As it is written.
    public var description: String { compressor.name + (level.map { ":\($0)" } ?? "") }
}
