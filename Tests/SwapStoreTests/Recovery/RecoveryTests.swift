import Arena
import Glibc
import TestSupport
import Testing
import ZswapCore

@testable import SwapStore

/// A successor's view of the memory of a process that is gone.
@Suite struct RecoveryTests {
    private static func takeOver(_ old: TestStore) throws -> TestStore {
        try TestStore(takingOver: try TestStore.memory(leftBy: old.arena), from: old)
    }

    @Test(arguments: Zpools.names)
    func pagesNamesAndFiguresAreThere(zpool: String) throws {
        let old = try TestStore(zpool: zpool)
        let area = try old.makeArea("caf\u{e9}")
        let pages = (0..<200).map { anyPage(UInt64($0)) }
        for (number, page) in pages.enumerated() {
            try old.write(page, to: area, page: UInt64(number * 7))
        }
        old.store.setAttributes(of: area, mode: 0o640, userID: 7, groupID: 8)
        try old.store.updateSettings(ofAreaNamed: "caf\u{e9}") { $0.byteCountMax = 1 << 30 }
        let new = try Self.takeOver(old)
        #expect(new.recovery?.pageCount == area.statistics.storedPageCount)
        #expect(new.recovery?.lostPageCount == 0)
        let found = try #require(new.store.area(named: "caf\u{e9}"))
        for (number, page) in pages.enumerated() {
            #expect(try new.read(found, page: UInt64(number * 7)) == page)
        }
        #expect(found.attributes == area.attributes)
        #expect(found.statistics == area.statistics)
        #expect(found.traffic.writtenPageCount == 200)
        #expect(new.store.settings(ofAreaNamed: "caf\u{e9}")?.byteCountMax == 1 << 30)
        #expect(new.store.statistics.memory.pools == old.store.statistics.memory.pools)
        #expect(new.store.predecessorCount == 1)
        for pool in new.store.pools { pool.checkInvariants() }
    }

    @Test func whatWasChosenIsInForce() throws {
        let old = try TestStore(zpool: "zsmalloc")
        let area = try old.makeArea()
        try old.write(anyPage(1), to: area, page: 0)
        try old.store.setCompressor("lz4hc", level: 7)
        try old.store.setChainLength(16)
        try old.write(anyPage(2), to: area, page: 1)
        try old.store.setZpool("zbud")
        #expect(old.store.keep(settings: "first"))
        #expect(old.store.keep(settings: "second"))
        let new = try Self.takeOver(old)
        #expect(new.store.compressorName == "lz4hc")
        #expect(new.store.compressorLevel == 7)
        #expect(new.store.zpoolType == "zbud")
        #expect(new.store.pools.map(\.type) == ["zsmalloc", "zsmalloc", "zbud"])
        #expect(new.store.pools.map(\.chainLength) == [8, 16, nil])
        #expect(new.store.keptSettings == "second")
    }

    @Test func aRemovedAreaStaysAsLongAsItIsOpen() throws {
        let old = try TestStore()
        for name in ["open", "closed"] as [ByteText] {
            let area = try old.makeArea(name)
            try old.store.open(area, handle: name == "open" ? 11 : 12)
            try old.write(anyPage(3), to: area, page: 5)
            try old.store.unlinkArea(name: name, by: old.worker)
        }
        let memory = try TestStore.memory(leftBy: old.arena)
        // Killed after the handle went and before the pages did.
        let new = try TestStore(takingOver: memory, from: old)
        new.store.close(handle: 12, by: new.worker)
        new.store.removeUnheldAreas(by: new.worker)
        #expect(new.store.areaCount == 1)
        let open = try #require(new.store.openAreaReports.first)
        #expect(!open.isLinked)
        let area = try #require((0..<2).compactMap { new.store.area(slot: $0) }.first)
        #expect(try new.read(area, page: 5) == anyPage(3))
        new.store.close(handle: 11, by: new.worker)
        #expect(new.store.areaCount == 0)
        #expect(new.store.statistics.memory.pools == 0)
    }

    /// Runs that were taken and never published are free again.
    @Test func nothingLeaks() throws {
        let old = try TestStore(zpool: "zbud")
        let area = try old.makeArea()
        for page in 0..<50 {
            try old.write(PageContent.incompressible(UInt64(page)), to: area, page: UInt64(page))
        }
        _ = try old.arena.takeRun(frameCount: 3, for: .pool)
        let new = try Self.takeOver(old)
        #expect(new.recovery?.reclaimedFrameCount == 3)
        #expect(new.arena.usage.poolFrameCount == old.arena.usage.poolFrameCount - 3)
        let found = try #require(new.store.area(named: "area"))
        try new.store.truncate(found, to: 0, by: new.worker)
        #expect(new.arena.usage.poolFrameCount == 0)
    }

    @Test func anotherLayoutIsRefused() throws {
        let old = try TestStore()
        _ = try old.makeArea()
        old.store.record[.layoutVersion] = 99
        #expect(throws: RecoveryError.otherLayout(99)) { try Self.takeOver(old) }
    }
}

extension TestStore {
    /// A store with `pageCount` pages of any kind, from the first one on, in `area`.
    static func withAnyPages(_ pageCount: Int, zpool: String) throws -> TestStore {
        let store = try TestStore(zpool: zpool)
        let area = try store.makeArea()
        for page in 0..<UInt64(pageCount) { try store.write(anyPage(page), to: area, page: page) }
        return store
    }
}

/// A page of any kind.
func anyPage(_ seed: UInt64) -> [UInt8] {
    var random = SplitMix64(seed: seed)
    let kinds = PageContent.allCases
    return kinds[Int(seed) % kinds.count].bytes(Page.byteCount, &random)
}
