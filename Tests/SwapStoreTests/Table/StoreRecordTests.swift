import Arena
import TestSupport
import Testing
import ZswapCore

@testable import SwapStore

/// The data besides the tables that a new process has to find in the arena.
@Suite struct StoreRecordTests {
    @Test func namesAndNumbersAreInTheArena() throws {
        let store = try TestStore(zpool: "zsmalloc")
        let record = try #require(StoreRecord(existingIn: store.arena))
        #expect(record.chainLength(1) == 8)
        #expect(record.eventsRun == store.store.events.run.rawValue)
        #expect(record.compressorName(0).read() == "lz4")
        #expect(record.compressorName(store.store.availableCompressors.count).read() == "")
        #expect(record.poolType(1).read() == "zsmalloc")
        #expect(record.poolType(2).read() == "")
    }

    @Test func aGenerationHasItsDriverAsLongAsItHasPages() throws {
        let store = try TestStore(zpool: "zsmalloc")
        let record = try #require(StoreRecord(existingIn: store.arena))
        try store.store.setZpool("zbud")
        #expect(record.poolType(2).read() == "zbud")
        while store.store.releaseDrained() {}
        #expect(record.poolType(1).read() == "")
    }

    @Test func aGenerationHasTheChainThatItsPoolWasMadeWith() throws {
        let store = try TestStore(zpool: "zsmalloc")
        let record = try #require(StoreRecord(existingIn: store.arena))
        try store.store.setChainLength(16)
        try store.store.setZpool("zbud")
        #expect((1...3).map { record.poolType($0).read() } == ["zsmalloc", "zsmalloc", "zbud"])
        #expect((1...3).map(record.chainLength) == [8, 16, 8])
    }

    @Test func anArenaWithoutAStoreHasNone() throws {
        let arena = try Arena(Arena.Configuration(capacityByteCount: 64 << 20))
        #expect(StoreRecord(existingIn: arena) == nil)
    }

    /// The name that stands stays readable until the new one is whole.
    @Test func aRenameNeverLeavesHalfAName() throws {
        let store = try TestStore(zpool: "zbud")
        let area = try store.makeArea()
        area.record.name = "first"
        let second = ByteText(String(repeating: "é", count: 127) + "x")
        area.record.name = second
        #expect(area.record.name == second)
        area.record.name = "third"
        #expect(area.record.name == "third")
    }
}
