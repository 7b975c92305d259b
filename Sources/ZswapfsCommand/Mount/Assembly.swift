import Arena
import Backing
import Compressors
import ControlTree
import FuseServer
import Latency
import LinuxSystem
import Logging
import SwapStore
import ZPool
import ZswapCore

/// From settings to objects: the only place that knows every module.
///
///     Arena -> SwapStore -> ControlTree -> FuseServer
///
/// The server comes last, and again when the first one found no ring (``Connection``).
struct Assembly {
    let arena: Arena
    let store: SwapStore
    let protections: [Protection]
    let facts: SharedFacts
    private let tree: ControlTree
    private let latency: LatencyControl
    private let keeper: LatencyKeeper
    private let caretaker: Caretaker
    private let writeBack: WriteBackThread
    private let migrator: Migrator
    private let settings: MountSettings

    /// Files of `params` that can be given as mount options.
    static var parameterNames: [String] {
        let rows = ControlTree.rows.filter {
            $0.access == .readWrite && !$0.hasPlaceholder
                && $0.path.hasPrefix(parameterDirectory)
        }
        return rows.map { String($0.path.dropFirst(parameterDirectory.count)) }
    }
    private static let parameterDirectory = "params/"
    private static let compressorName = "compressor"
    private static let levelName = "compressor_level"

    /// What is taken when what was asked for can't be had, as the kernel's zswap did.
    static let fallbackZpool = "zbud"
    static let fallbackCompressor = "lz4"

    /// Processors more than this gain nothing: the loop device has one submitting thread.
    private static let threadCounts = 2...16
    /// More helpers than this would wait for memory, not for each other.
    private static let helperCountMax = 3

    /// `path` is where it will be mounted; `onTrouble` is told what the log should say, from any
    /// thread.
    init(
        _ settings: MountSettings, at path: String, zpools: ZpoolRegistry, logger: Logger,
        onTrouble: @escaping @Sendable (String) -> Void
    ) throws(CommandFailure) {
        self.settings = settings
        let total = Machine.memoryByteCount
        let early = Protection.applyBeforeThreads()
        latency = LatencyControl(opening: LatencyDevice.path)
        var arenaConfiguration = Arena.Configuration(
            capacityByteCount: Int(settings.arenaByteCount ?? total))
        if let limit = settings.arenaByteCount, limit < 64 << 20 {
            arenaConfiguration.reserveSegmentCount = 1
        }
        do {
            arena = try Arena(arenaConfiguration)
            try arena.start()
        } catch {
            throw CommandFailure(.unavailable, "no memory for the arena: \(error)")
        }
        do {
            store = try Self.makeStore(settings, zpools, total, in: arena, mountedAt: path)
            protections =
                early + [Protection.lockMemory(arena)] + Protection.missing(latency)
            facts = SharedFacts(
                ControlFacts(
                    mountPoint: ByteText(path), version: ProductVersion.text,
                    protections: protections.map(\.text)))
            tree = ControlTree(store: store, latency: latency) { [facts] in facts.now }
            try Self.apply(settings.parameters, to: tree, logger)
            caretaker = try Self.startCaretaker(of: store)
            writeBack = try Self.startWriteBack(of: store, onTrouble)
        } catch {
            arena.stop()
            throw error
        }
        do {
            keeper = try Self.startKeeper(of: latency)
        } catch {
            writeBack.stop()
            caretaker.stop()
            arena.stop()
            throw error
        }
        do {
            migrator = try Self.startMigrator(of: store)
        } catch {
            keeper.stop()
            writeBack.stop()
            caretaker.stop()
            arena.stop()
            throw error
        }
    }

    private static func startKeeper(
        of latency: LatencyControl
    ) throws(CommandFailure) -> LatencyKeeper {
        let keeper = LatencyKeeper(of: latency)
        guard keeper.start() else {
            throw CommandFailure(.unavailable, "no thread to keep processors awake")
        }
        return keeper
    }

    private static func startCaretaker(of store: SwapStore) throws(CommandFailure) -> Caretaker {
        guard let caretaker = Caretaker(of: store), caretaker.start() else {
            throw CommandFailure(.unavailable, "no thread to look after the store")
        }
        return caretaker
    }

    private static func startWriteBack(
        of store: SwapStore, _ onTrouble: @escaping @Sendable (String) -> Void
    ) throws(CommandFailure) -> WriteBackThread {
        guard let thread = WriteBackThread(of: store, onTrouble: onTrouble), thread.start() else {
            throw CommandFailure(.unavailable, "no thread to write pages back")
        }
        return thread
    }

    private static func startMigrator(of store: SwapStore) throws(CommandFailure) -> Migrator {
        guard let migrator = Migrator(of: store), migrator.start() else {
            throw CommandFailure(.unavailable, "no thread to move stored pages")
        }
        return migrator
    }

    /// Ends all threads but the server's, which must have ended.
    func stop() {
        keeper.stop()
        writeBack.stop()
        migrator.stop()
        caretaker.stop()
        arena.stop()
    }

    /// A server for the store, not mounted yet.
    func makeServer(
        _ transport: TransportKind, onRefusal: @escaping @Sendable (String) -> Void,
        onEnd: @escaping @Sendable () -> Void
    ) throws(MountError) -> FuseServer {
        var options = MountOptions()
        options.allowsOthers = settings.allowsOthers
        options.source = settings.source
        options.threadCount = Self.threadCount
        options.helperCount = Self.helperCount
        options.transport = transport
        return try FuseServer(
            store: store, tree: tree, pulse: latency.pulse, options: options, onRefusal: onRefusal,
            onEnd: onEnd)
    }

    /// Threads that help with large requests: the serving one works, too.
    static var helperCount: Int { min(Machine.processorCount - 1, helperCountMax) }

    /// Threads on /dev/fuse.
    static var threadCount: Int {
        min(max(Machine.processorCount, threadCounts.lowerBound), threadCounts.upperBound)
    }

    private static func makeStore(
        _ settings: MountSettings, _ zpools: ZpoolRegistry, _ total: UInt64, in arena: Arena,
        mountedAt path: String
    ) throws(CommandFailure) -> SwapStore {
        let compressors = CompressorRegistry.standard()
        var configuration = SwapStore.Configuration(totalByteCount: total)
        configuration.openBacking = { file throws(BackingError) in
            // What stands on this mount itself would wait for this very thread.
            let mounts = try? MountTable.current()
            let own = mounts?.entries.last {
                ByteText($0.mountPoint) == ByteText(path)
            }?.device
            return try BackingFile(opening: file, unlessOn: own)
        }
        // What can't be had is refused, or replaced, when the parameters are applied.
        if let asked = settings.parameters.last(where: { $0.name == "chain" })?.value,
            let chainLength = Int(asked), Limits.chainLengths.contains(chainLength)
        {
            configuration.pool.chainLength = chainLength
        }
        if let asked = settings.parameters.last(where: { $0.name == "zpool" })?.value {
            configuration.zpool = zpools.has(type: asked) ? asked : fallbackZpool
        }
        if let asked = settings.parameters.last(where: { $0.name == compressorName })?.value {
            let name = ControlTree.compressorName(in: asked)
            let isKnown = compressors.compressor(named: name) != nil
            configuration.compressor = isKnown ? name : fallbackCompressor
        }
        do {
            return try SwapStore(
                in: arena, zpools: zpools, compressors: compressors, configuration: configuration)
        } catch {
            throw CommandFailure(.unavailable, "cannot make the store: \(error)")
        }
    }

    /// Sets the parameters as a write to their files would, in the order of the table: a level is
    /// one of the compressor that was chosen, wherever its option stands. A pool or compressor that
    /// is not known was replaced already: a warning, no failure.
    private static func apply(
        _ parameters: [MountSettings.Parameter], to tree: ControlTree, _ logger: Logger
    ) throws(CommandFailure) {
        var isCompressorReplaced = false
        for name in parameterNames {
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
                parameter.value, to: ByteText(parameterDirectory + parameter.name))
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
