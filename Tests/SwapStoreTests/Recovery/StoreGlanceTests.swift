import Arena
import Compressors
import TestSupport
import Testing
import ZPool

@testable import SwapStore

/// A standby's verdict on a store that another process works with.
@Suite struct StoreGlanceTests {
    private static func obstacle(_ store: TestStore) -> RecoveryError? {
        SwapStore.obstacle(
            toTakingOver: StandbyMapping(of: store.arena.fileDescriptor), zpools: .standard(),
            compressors: .standard())
    }

    @Test func aStoreOfThisVersionFits() throws {
        let store = try TestStore()
        try store.write(anyPage(1), to: try store.makeArea(), page: 0)
        #expect(Self.obstacle(store) == nil)
        #expect(
            try store.read(try #require(store.store.area(named: "area")), page: 0) == anyPage(1))
    }

    @Test func whatThisVersionDoesNotKnowIsNamed() throws {
        let layout = try TestStore()
        layout.store.record[.layoutVersion] = 99
        #expect(Self.obstacle(layout) == .otherLayout(99))
        let compressor = try TestStore()
        let number = CompressorRegistry.standard().names.count
        compressor.store.record.compressorName(number).write("lzma")
        #expect(Self.obstacle(compressor) == .unknownCompressor("lzma"))
        let pool = try TestStore()
        pool.store.record.poolType(17).write("slab")
        #expect(Self.obstacle(pool) == .unknownZpool("slab"))
    }

    @Test func whatIsNoStoreIsNone() throws {
        let arena = try Arena(Arena.Configuration(capacityByteCount: 16 << 20))
        let empty = StandbyMapping(of: arena.fileDescriptor)
        #expect(empty != nil)
        #expect(
            SwapStore.obstacle(
                toTakingOver: empty, zpools: .standard(), compressors: .standard()) == .noStore)
        #expect(
            SwapStore.obstacle(
                toTakingOver: nil, zpools: .standard(), compressors: .standard()) == .noStore)
        for run: UInt64 in [1, 1 << 31, .max] {
            arena.storeWord(run, at: Arena.userBlock + UserBlock.storeRecordRun)
            let damaged = StandbyMapping(of: arena.fileDescriptor)
            // A run that lies in the arena and holds no record has layout 0.
            let obstacle = SwapStore.obstacle(
                toTakingOver: damaged, zpools: .standard(), compressors: .standard())
            #expect(obstacle == .noStore || obstacle == .otherLayout(0), "\(run)")
        }
    }
}
