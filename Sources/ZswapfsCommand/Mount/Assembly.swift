import Arena
import Backing
import Compressors
import ControlTree
import FuseServer
import Latency
import LinuxSystem
import Logging
import SwapStore
import SystemPackage
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
    /// What the memory groups of this process leave it.
    let allowance = MemoryAllowance()
    /// What the arena keeps ready.
    var reserveByteCount: Int {
        Self.reserveSegmentCount(settings, allowance) * Arena.segmentByteCount
    }
    let swapWatch: SwapWatch
    let tree: ControlTree
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

    /// Up to this size an arena, or twice what a memory group leaves, counts as small.
    private static let smallByteCount = 64 << 20
    /// What the daemon takes besides buffers and pages: code, heap, tables, codecs, a reserve.
    private static let ownByteCount = 16 << 20

    /// Threads besides those of the server: the main one, those that grow, look after, write back,
    /// move, keep awake, look at swap and answer questions, and a child that mounts.
    private static let keeperCount = 9
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
        try ResourceNeeds.check(
            arenaByteCount: settings.arenaByteCount ?? total,
            threadCount: FuseServer.deviceThreadCount(Self.threadCount) + Self.helperCount
                + Self.keeperCount)
        try Self.checkRoom(allowance)
        arena = try Self.makeArena(settings, total, allowance)
        do {
            store = try Self.makeStore(settings, zpools, total, in: arena, mountedAt: path)
            protections =
                early + [Protection.lockMemory(arena, within: allowance)]
                + Protection.missing(latency)
            facts = SharedFacts(
                ControlFacts(
                    mountPoint: ByteText(path), version: ProductVersion.text,
                    protections: protections.map(\.text),
                    supervision: settings.supervision.word,
                    supervisionReason: settings.supervision.reason))
            swapWatch = SwapWatch(of: store, tells: facts)
            tree = ControlTree(store: store, latency: latency) { [facts] in
                facts.now
            } freshFacts: { [facts, swapWatch] in
                swapWatch.lookNow()
                return facts.now
            }
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
            throw ResourceNeeds.noThread("to keep processors awake")
        }
        return keeper
    }

    /// An arena that never asks for more than the memory groups leave: the kernel would end the
    /// daemon.
    private static func makeArena(
        _ settings: MountSettings, _ total: UInt64, _ allowance: MemoryAllowance
    ) throws(CommandFailure) -> Arena {
        var configuration = Arena.Configuration(
            capacityByteCount: Int(settings.arenaByteCount ?? total))
        configuration.reserveSegmentCount = reserveSegmentCount(settings, allowance)
        configuration.refusesCommit = { !allowance.hasRoom(forByteCount: $0) }
        do {
            let arena = try Arena(configuration)
            try arena.start()
            return arena
        } catch {
            var hint = ""
            if case .systemCall(_, let errno) = error {
                hint = ResourceNeeds.hint(Errno(rawValue: errno))
            }
            throw CommandFailure(.unavailable, "no memory for the arena: \(error)\(hint)")
        }
    }

    /// Less is kept ready where there is little.
    private static func reserveSegmentCount(
        _ settings: MountSettings, _ allowance: MemoryAllowance
    ) -> Int {
        let limits = [
            settings.arenaByteCount.map { Int($0) }, allowance.room.map { 2 * $0.byteCount },
        ]
        let isSmall = limits.compactMap { $0 }.contains { $0 < smallByteCount }
        return isSmall ? 1 : Arena.Configuration(capacityByteCount: 0).reserveSegmentCount
    }

    /// Refuses to start where the daemon itself would not fit: it would be ended when it had pages.
    private static func checkRoom(_ allowance: MemoryAllowance) throws(CommandFailure) {
        let need =
            ownByteCount
            + FuseServer.memoryByteCount(
                threadCount: threadCount, helperCount: helperCount)
        guard let room = allowance.room, room.byteCount < need else { return }
        func size(_ byteCount: Int) -> ByteSize { ByteSize(bytes: UInt64(max(byteCount, 0))) }
        throw CommandFailure(
            .unavailable,
            """
            the memory group \(room.group) has \(size(room.byteCount)) left of its limit of \
            \(size(room.limitByteCount)), and a mount needs \(size(need)) before it holds any \
            page: raise the limit, or start it in another group
            """)
    }

    private static func startCaretaker(of store: SwapStore) throws(CommandFailure) -> Caretaker {
        guard let caretaker = Caretaker(of: store), caretaker.start() else {
            throw ResourceNeeds.noThread("to look after the store")
        }
        return caretaker
    }

    private static func startWriteBack(
        of store: SwapStore, _ onTrouble: @escaping @Sendable (String) -> Void
    ) throws(CommandFailure) -> WriteBackThread {
        guard let thread = WriteBackThread(of: store, onTrouble: onTrouble), thread.start() else {
            throw ResourceNeeds.noThread("to write pages back")
        }
        return thread
    }

    private static func startMigrator(of store: SwapStore) throws(CommandFailure) -> Migrator {
        guard let migrator = Migrator(of: store), migrator.start() else {
            throw ResourceNeeds.noThread("to move stored pages")
        }
        return migrator
    }

    /// Ends all threads but the server's, which must have ended.
    func stop() {
        swapWatch.stop()
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
        options.flagWords = settings.flags.filter(\.isKnownToLibfuse).map(\.text)
        options.threadCount = Self.threadCount
        options.helperCount = Self.helperCount
        options.transport = transport
        return try FuseServer(
            store: store, tree: tree, pulse: latency.pulse, options: options,
            isSwap: { [swapWatch] in swapWatch.isSwap($0) }, onRefusal: onRefusal, onEnd: onEnd)
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
