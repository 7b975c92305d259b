import Arena
import Backing
import Compressors
import ControlTree
import FuseServer
import Latency
import LinuxSystem
import Logging
import Maintenance
import SwapStore
import SystemPackage
import ZPool
import ZswapCore
import ZswapVersion

/// From settings to objects: the only place that knows every module.
///
///     Arena -> SwapStore -> Maintenance -> ControlTree -> FuseServer
///
/// The server comes last, and again when the first one found no ring (``Connection``).
struct Assembly {
    let arena: Arena
    let store: SwapStore
    let maintenance: Maintenance
    /// The report on a predecessor's memory; nil without a predecessor.
    let recovery: RecoveryReport?
    /// The time at which early reads began, before the server was made; nil: they did not.
    let servedAtNanoseconds: Int64?
    private(set) var protections: [Protection]
    let facts: SharedFacts
    /// The room in the memory groups of this process.
    let allowance = MemoryAllowance()
    /// The arena's reserve of committed segments, in bytes.
    var reserveByteCount: Int {
        StoreAssembly.reserveSegmentCount(settings, allowance) * Arena.segmentByteCount
    }
    let swapWatch: SwapWatch
    let tree: ControlTree
    private let latency: LatencyControl
    private let requestLatencies = RequestLatencies()
    private let keeper: LatencyKeeper
    private let settings: MountSettings

    /// Memory of the daemon besides buffers and pages: code, heap, tables, codecs, a reserve.
    private static let ownByteCount = 16 << 20

    /// Threads besides those of the server: the main one, those that grow, look after, write back,
    /// move, verify, keep awake, look at swap and answer questions, and a child that mounts.
    private static let keeperCount = 10
    /// Processors more than this gain nothing: the loop device has one submitting thread.
    private static let threadCounts = 2...16
    /// More helpers than this would wait for memory, not for each other.
    private static let helperCountMax = 3

    /// `path` is where it will be mounted, or is, if a `legacy` is taken over; `onTrouble` is told
    /// what the log should say, from any thread.
    init(
        _ settings: MountSettings, at path: String, zpools: ZpoolRegistry, logger: Logger,
        legacy: StoreLegacy? = nil, heirloom: Heirloom? = nil,
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
        if legacy == nil { try Self.checkRoom(allowance) }
        let assembled = try StoreAssembly(
            settings, zpools, allowance, mountedAt: path, legacy: legacy, heirloom: heirloom)
        arena = assembled.arena
        store = assembled.store
        recovery = assembled.recovery
        servedAtNanoseconds = assembled.servedAtNanoseconds
        // What has been started, to be ended if the rest can't be.
        var stops = [arena.stop]
        do {
            // A successor locks when it serves: what it has was locked while it waited.
            let locked =
                legacy == nil ? [Protection.lockMemory(arena, within: allowance)] : []
            protections = early + locked + Protection.missing(latency)
            facts = SharedFacts(
                ControlFacts(
                    mountPoint: ByteText(path), version: BuiltVersion.text,
                    protections: protections.map(\.text),
                    supervision: settings.supervision.word,
                    supervisionReason: settings.supervision.reason))
            swapWatch = SwapWatch(of: store, tells: facts)
            // Before any setting changes: it is told what changes.
            maintenance = try Self.makeMaintenance(of: store)
            tree = ControlTree(
                of: maintenance, latency: latency, requests: requestLatencies
            ) { [facts] in
                facts.now
            } freshFacts: { [facts, swapWatch] in
                swapWatch.lookNow()
                return facts.now
            }
            if recovery == nil {
                try ParameterOptions.apply(settings.parameters, to: tree, logger)
                tree.keepSettings()
            } else {
                for failure in tree.restoreSettings() { logger.warning("\(path): \(failure)") }
            }
            try Self.start(maintenance, at: path, onTrouble)
            stops.append(maintenance.stop)
            keeper = try Self.startKeeper(of: latency)
        } catch {
            for stop in stops.reversed() { stop() }
            throw error
        }
    }

    /// Locks what a successor has made since its turn came.
    mutating func lockMemoryLate() {
        protections.append(Protection.lockMemory(arena, within: allowance))
        facts.set(protections: protections.map(\.text))
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

    /// Refuses to start when the memory group has no room for the daemon itself: the kernel would
    /// kill it once it holds pages.
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

    private static func makeMaintenance(
        of store: SwapStore
    ) throws(CommandFailure) -> Maintenance {
        guard let maintenance = Maintenance(of: store) else {
            throw ResourceNeeds.noMemory("to keep the store in order")
        }
        return maintenance
    }

    private static func start(
        _ maintenance: Maintenance, at path: String,
        _ onTrouble: @escaping @Sendable (String) -> Void
    ) throws(CommandFailure) {
        do throws(Maintenance.NoThread) {
            try maintenance.start(onTrouble: onTrouble) { onTrouble("\(path): \($0)") }
        } catch {
            throw ResourceNeeds.noThread(purpose(of: error.task))
        }
    }

    private static func purpose(of task: Maintenance.Task) -> String {
        switch task {
        case .compaction: "to look after the store"
        case .writeBack: "to write pages back"
        case .migration: "to move stored pages"
        case .scrub: "to verify stored pages"
        case .tiers: "to recompress cold pages"
        }
    }

    /// Ends all threads but the server's, which must have ended.
    func stop() {
        swapWatch.stop()
        keeper.stop()
        maintenance.stop()
        arena.stop()
    }

    /// A server for the store, not mounted yet.
    func makeServer(
        _ transport: TransportKind, generation: Int = 0,
        onRefusal: @escaping @Sendable (String) -> Void,
        onEnd: @escaping @Sendable () -> Void
    ) throws(MountError) -> FuseServer {
        var options = MountOptions()
        options.allowsOthers = settings.allowsOthers
        options.source = settings.source
        options.flagWords = settings.flags.filter(\.isKnownToLibfuse).map(\.text)
        options.threadCount = Self.threadCount
        options.helperCount = Self.helperCount
        options.transport = transport
        options.generation = generation
        return try FuseServer(
            store: store, tree: tree, pulse: latency.pulse, latencies: requestLatencies,
            options: options, isSwap: { [swapWatch] in swapWatch.isSwap($0) },
            onRefusal: onRefusal, onEnd: onEnd)
    }

    /// Threads that help with large requests: the serving one works, too.
    static var helperCount: Int { min(Machine.processorCount - 1, helperCountMax) }

    /// Threads on /dev/fuse.
    static var threadCount: Int {
        min(max(Machine.processorCount, threadCounts.lowerBound), threadCounts.upperBound)
    }
}
