public import Arena
public import Backing
import CLinux
import Glibc
public import SwapStore
import ZPool

/// A store whose process is gone, and the one that goes on with what it left.
extension TestStore {
    /// A copy of an arena's memory as it is at this moment: what a process that is killed now
    /// leaves. The original may be used, and may end, as it likes.
    public static func memory(leftBy arena: Arena) throws -> CInt {
        try copy(of: arena.fileDescriptor)
    }

    /// Another memfd with what stands in this one now.
    public static func copy(of source: CInt) throws -> CInt {
        try Arena.copyMemory(source)
    }

    /// Damages the memory that a process has left: words from this byte on.
    public static func overwrite(_ memory: CInt, at offset: Int, _ words: [UInt64]) throws {
        let byteCount = words.count * MemoryLayout<UInt64>.size
        try SystemCall.run("pwrite") { pwrite(memory, words, byteCount, offset) }
    }

    /// A new memfd of zeros.
    public static func emptyMemory(byteCount: Int) throws -> CInt {
        let memory = try SystemCall.run("memfd_create") { clinux_memfd_create("zswapfs-test-copy") }
        try SystemCall.run("ftruncate") { ftruncate(memory, byteCount) }
        return memory
    }

    /// The store that a successor finds in this memory, whose descriptor it takes over; `backings`
    /// are those that entries name by number. Without `tunables`, those of the other store.
    public convenience init(
        takingOver descriptor: CInt, from other: TestStore, backings: [Int: BackingLog] = [:],
        tunables: Tunables? = nil, openBacking: SwapStore.OpenBacking? = nil
    ) throws {
        var configuration = other.arenaConfiguration
        #if DEBUG || INTERNAL_CHECKS
        configuration.onChange = nil
        #endif
        let (store, arena, rebuild) = try Self.open(
            descriptor, configuration, other, backings, tunables, openBacking)
        let report = try rebuild.run(threadCount: 2)
        try arena.start()
        try self.init(store, in: arena, report, like: other)
    }

    /// The same when it can only load pages yet: until `rebuild` was run and the arena started.
    public static func opening(
        _ descriptor: CInt, from other: TestStore
    ) throws -> (store: TestStore, rebuild: StoreRebuild) {
        let (store, arena, rebuild) = try open(
            descriptor, other.arenaConfiguration, other, [:], nil, nil)
        return (try TestStore(store, in: arena, RecoveryReport(), like: other), rebuild)
    }

    private static func open(
        _ descriptor: CInt, _ configuration: Arena.Configuration, _ other: TestStore,
        _ backings: [Int: BackingLog], _ tunables: Tunables?,
        _ openBacking: SwapStore.OpenBacking?
    ) throws -> (SwapStore, Arena, StoreRebuild) {
        let arena = try Arena(reopening: descriptor, configuration: configuration)
        var settings = SwapStore.Configuration(totalByteCount: other.totalByteCount)
        settings.tunables = tunables ?? other.store.tunables
        settings.openBacking = openBacking ?? openFile
        let (store, rebuild) = try SwapStore.opening(
            arena, zpools: .standard(), compressors: other.compressors, configuration: settings,
            backings: backings)
        return (store, arena, rebuild)
    }
}
