import Arena
import Backing
import BackingFiles
import Compressors
import FuseServer
import LinuxSystem
import SwapStore
import SystemPackage
import Threads
import ZPool
import ZswapCore

/// The part of the legacy that is the store's: descriptors, by the names under which they are kept.
struct StoreLegacy: Sendable {
    /// The name of the arena's memfd.
    static let arenaName = "arena"

    /// By name. The process that takes the legacy over closes them.
    let descriptors: [String: CInt]
    /// The arena's memory, if it was mapped while this process waited.
    let mapping: StandbyMapping?
    /// Answers reads as soon as the store can load.
    let early: EarlyReads?
}

/// The arena and the store of a mount: made empty, or taken over from a predecessor.
///
/// Law: an arena never asks for more than the memory groups leave: the kernel would end the daemon.
struct StoreAssembly {
    /// Up to this size an arena, or twice what a memory group leaves, counts as small.
    private static let smallByteCount = 64 << 20

    let arena: Arena
    let store: SwapStore
    /// The report on a predecessor's memory; nil without a predecessor.
    let recovery: RecoveryReport?
    /// The time at which early reads began; nil: they did not.
    private(set) var servedAtNanoseconds: Int64?

    init(
        _ settings: MountSettings, _ zpools: ZpoolRegistry, _ allowance: MemoryAllowance,
        mountedAt path: String, legacy: StoreLegacy?, heirloom: Heirloom?
    ) throws(CommandFailure) {
        let total = Machine.memoryByteCount
        var arenaConfiguration = Arena.Configuration(
            capacityByteCount: Int(settings.arenaByteCount ?? total))
        arenaConfiguration.reserveSegmentCount = Self.reserveSegmentCount(settings, allowance)
        arenaConfiguration.refusesCommit = { !allowance.hasRoom(forByteCount: $0) }
        let compressors = CompressorRegistry.standard()
        var configuration = SwapStore.Configuration(totalByteCount: total)
        configuration.heirloom = heirloom
        configuration.openBacking = { file throws(BackingError) in
            // What stands on this mount itself would wait for this very thread.
            let mounts = try? MountTable.current()
            let own = mounts?.entries.last {
                ByteText($0.mountPoint) == ByteText(path)
            }?.device
            return try BackingFile(opening: file, unlessOn: own)
        }
        if let legacy {
            arena = try Self.reopen(legacy, arenaConfiguration)
            let rebuild: StoreRebuild
            do {
                (store, rebuild) = try SwapStore.opening(
                    arena, zpools: zpools, compressors: compressors, configuration: configuration,
                    backings: Self.backings(legacy))
                if let fuse = legacy.descriptors[Legacy.fuseName],
                    legacy.early?.start(on: fuse, store) ?? false
                {
                    servedAtNanoseconds = MonotonicClock.nanoseconds
                }
                recovery = try rebuild.run(threadCount: Machine.processorCount)
                try arena.start()
            } catch {
                throw Self.noTakeOver(error)
            }
            return
        }
        ParameterOptions.choose(settings.parameters, zpools, compressors, for: &configuration)
        arena = try Self.makeArena(arenaConfiguration)
        recovery = nil
        do {
            store = try SwapStore(
                in: arena, zpools: zpools, compressors: compressors, configuration: configuration)
        } catch {
            arena.stop()
            throw CommandFailure(.unavailable, "cannot make the store: \(error)")
        }
    }

    private static func makeArena(
        _ configuration: Arena.Configuration
    ) throws(CommandFailure) -> Arena {
        do {
            let arena = try Arena(configuration)
            try arena.start()
            return arena
        } catch {
            throw noArena(error)
        }
    }

    private static func noArena(_ error: ArenaError) -> CommandFailure {
        var hint = ""
        if case .systemCall(_, let errno) = error {
            hint = ResourceNeeds.hint(Errno(rawValue: errno))
        }
        return CommandFailure(.unavailable, "no memory for the arena: \(error)\(hint)")
    }

    /// Segments that the grower keeps in reserve: one in a small arena.
    static func reserveSegmentCount(
        _ settings: MountSettings, _ allowance: MemoryAllowance
    ) -> Int {
        let limits = [
            settings.arenaByteCount.map { Int($0) }, allowance.room.map { 2 * $0.byteCount },
        ]
        let isSmall = limits.compactMap { $0 }.contains { $0 < smallByteCount }
        return isSmall ? 1 : Arena.Configuration(capacityByteCount: 0).reserveSegmentCount
    }
}

/// Taking over.
extension StoreAssembly {
    private static func reopen(
        _ legacy: StoreLegacy, _ configuration: Arena.Configuration
    ) throws(CommandFailure) -> Arena {
        guard let memory = legacy.descriptors[StoreLegacy.arenaName] else {
            throw CommandFailure(.unavailable, "no memory of the predecessor was handed over")
        }
        do {
            return try Arena(
                reopening: memory, mapping: legacy.mapping, configuration: configuration)
        } catch {
            throw noArena(error)
        }
    }

    private static func noTakeOver(_ error: any Error) -> CommandFailure {
        let reason = (error as? RecoveryError)?.message ?? "\(error)"
        return CommandFailure(.unavailable, "cannot take over: \(reason)")
    }

    /// The backing stores that can be opened again, by number. The pages of one that can't be are
    /// lost, and no others.
    private static func backings(_ legacy: StoreLegacy) -> [Int: BackingLog] {
        var logs: [Int: BackingLog] = [:]
        for number in 1..<Limits.backingsMax {
            guard let device = legacy.descriptors[Heirloom.device(ofBacking: number)],
                let segments = legacy.descriptors[Heirloom.segments(ofBacking: number)],
                let memory = try? SharedSegmentMemory(adopting: segments),
                let path = BackingLog.devicePath(inSegments: memory)
            else { continue }
            logs[number] = try? BackingLog(
                adopting: try BackingFile(adopting: device, path: path), segments: memory)
        }
        return logs
    }
}
