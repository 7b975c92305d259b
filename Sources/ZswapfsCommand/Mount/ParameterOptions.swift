import Compressors
import ControlTree
import Logging
import SwapStore
import ZPool
import ZswapCore

/// Mount options that are files of `params`.
enum ParameterOptions {
    private static let directory = "params/"
    private static let compressorName = "compressor"
    private static let levelName = "compressor_level"

    /// Replaces a driver that is unknown or unavailable, as the kernel's zswap did.
    static let fallbackZpool = "zbud"
    static let fallbackCompressor = "lz4"

    /// Files of `params` that can be given as mount options.
    static var names: [String] {
        ControlTree.settingRows.map { String($0.path.dropFirst(directory.count)) }
    }

    /// Makes the store begin with the requested pool and compressor.
    static func choose(
        _ parameters: [MountSettings.Parameter], _ zpools: ZpoolRegistry,
        _ compressors: CompressorRegistry, for configuration: inout SwapStore.Configuration
    ) {
        // Invalid values are refused, or replaced, when the parameters are applied.
        if let asked = parameters.last(where: { $0.name == "chain" })?.value,
            let chainLength = Int(asked), Limits.chainLengths.contains(chainLength)
        {
            configuration.pool.chainLength = chainLength
        }
        if let asked = parameters.last(where: { $0.name == "zpool" })?.value {
            configuration.zpool = zpools.has(type: asked) ? asked : fallbackZpool
        }
        if let asked = parameters.last(where: { $0.name == compressorName })?.value {
            let name = ControlTree.compressorName(in: asked)
            let isKnown = compressors.compressor(named: name) != nil
            configuration.compressor = isKnown ? name : fallbackCompressor
        }
    }

    /// Sets the parameters as a write to their files would, in the order of the table: a level is
    /// one of the compressor that was chosen, wherever its option stands. A pool or compressor that
    /// is not known was replaced already: a warning, no failure.
    static func apply(
        _ parameters: [MountSettings.Parameter], to tree: ControlTree, _ logger: Logger
    ) throws(CommandFailure) {
        var isCompressorReplaced = false
        for name in names {
            for parameter in parameters where parameter.name == name {
                if name == levelName, isCompressorReplaced {
                    logger.warning(
                        "-o \(name)=\(parameter.value): not for \(fallbackCompressor); left out")
                    continue
                }
                let isKnown = try set(parameter, in: tree, logger)
                if name == compressorName { isCompressorReplaced = !isKnown }
            }
        }
    }

    /// Sets one parameter. False for a name that is not known.
    private static func set(
        _ parameter: MountSettings.Parameter, in tree: ControlTree, _ logger: Logger
    ) throws(CommandFailure) -> Bool {
        do {
            try tree.write(
                parameter.value, to: ByteText(directory + parameter.name))
            return true
        } catch {
            guard error.kind == .unknownName else {
                throw CommandFailure(
                    .usage, "-o \(parameter.name)=\(parameter.value): \(error.message)")
            }
            let fallback = parameter.name == "zpool" ? fallbackZpool : fallbackCompressor
            logger.warning(
                "-o \(parameter.name)=\(parameter.value): \(error.message); taking \(fallback)")
            return false
        }
    }
}
