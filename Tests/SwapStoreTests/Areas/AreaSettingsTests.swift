import TestSupport
import Testing
import ZswapCore

@testable import SwapStore

/// Overrides of an area: a compressor, a limit, whether its pages may be written back.
@Suite struct AreaSettingsTests {
    private static func entry(_ fixture: TestStore, _ area: Area, _ page: UInt64) -> PageEntry {
        guard let offset = area.table.entryOffset(of: PageNumber(page)) else { return .empty }
        return PageEntry(pair: fixture.arena.loadPair(at: offset))
    }

    /// A page that every compressor makes smaller; each number its own.
    private static func page(_ number: UInt8) -> [UInt8] {
        [number, 1, 2] + [UInt8](repeating: 0, count: 4093)
    }

    private static func fixture(
        _ zpool: String, totalByteCount: UInt64 = 1 << 30
    ) throws -> TestStore {
        try TestStore(
            zpool: zpool, totalByteCount: totalByteCount, compressors: .withTestCompressors())
    }

    @Test(arguments: Zpools.names) func newPagesGetTheAreasCompressor(zpool: String) throws {
        let fixture = try Self.fixture(zpool)
        let store = fixture.store
        let (own, other) = (try fixture.makeArea("own"), try fixture.makeArea("other"))
        let inverted = try #require(store.availableCompressors.firstIndex(of: "inverted"))
        func write(_ page: UInt64) throws {
            for area in [own, other] {
                try fixture.write(Self.page(UInt8(page)), to: area, page: page)
            }
        }
        func compressors(_ page: UInt64) -> [Int] {
            [own, other].map { Self.entry(fixture, $0, page).compressor }
        }
        try write(0)
        try store.updateSettings(ofAreaNamed: "own") { $0.compressor = "inverted" }
        try write(1)
        try store.setCompressor("inverted")
        try store.updateSettings(ofAreaNamed: "own") { $0.compressor = "lz4" }
        try write(2)
        try store.updateSettings(ofAreaNamed: "own") { $0.compressor = nil }
        try write(3)
        #expect(
            (0..<4).map { compressors($0) } == [
                [0, 0], [inverted, 0], [0, inverted],
                [inverted, inverted],
            ])
        for page in 0..<4 as Range<UInt64> {
            #expect(try fixture.read(own, page: page) == Self.page(UInt8(page)))
            #expect(try fixture.read(other, page: page) == Self.page(UInt8(page)))
        }
    }

    @Test func unknownNamesChangeNothing() throws {
        let fixture = try Self.fixture("zsmalloc")
        let store = fixture.store
        _ = try fixture.makeArea()
        try store.updateSettings(ofAreaNamed: "area") {
            $0.compressor = "inverted"
            $0.byteCountMax = 5
        }
        let before = store.settings(ofAreaNamed: "area")
        #expect(throws: SettingError.unknownCompressor("nosuch")) {
            try store.updateSettings(ofAreaNamed: "area") {
                $0.compressor = "nosuch"
                $0.byteCountMax = 7
            }
        }
        #expect(store.settings(ofAreaNamed: "area") == before)
        #expect(before?.byteCountMax == 5 && before?.compressor == "inverted")
        #expect(throws: SettingError.unknownArea("none")) {
            try store.updateSettings(ofAreaNamed: "none") { $0.byteCountMax = 7 }
        }
        #expect(store.settings(ofAreaNamed: "none") == nil)
    }

    @Test(arguments: Zpools.names) func anAreaAtItsLimitRefuses(zpool: String) throws {
        let fixture = try Self.fixture(zpool)
        let store = fixture.store
        let (area, other) = (try fixture.makeArea("area"), try fixture.makeArea("other"))
        try store.updateSettings(ofAreaNamed: "area") { $0.byteCountMax = 3 * 4096 - 1 }
        for page in 0..<3 as Range<UInt64> {
            try fixture.write(PageContent.incompressible(page), to: area, page: page)
        }
        #expect(area.storedByteCount == 3 * 4096)
        for page in [1, 9] as [UInt64] {
            #expect(throws: StoreError.poolFull) {
                try fixture.write(PageContent.compressible(1), to: area, page: page)
            }
        }
        #expect(throws: StoreError.poolFull) { try fixture.write([1], to: area, at: 4096 + 100) }
        #expect(try fixture.read(area, page: 1) == PageContent.incompressible(1))
        // Once in each counter, and none of the pools' limit.
        let statistics = store.statistics
        #expect(statistics.rejectReclaimFail == 3 && statistics.rejects == 3)
        #expect(statistics.poolLimitHits == 0 && statistics.failedWrites == 3)
        #expect(area.traffic.refusedPageCount == 3)
        // Others are not concerned, same-filled pages are taken, parts of pages can be cleared.
        try fixture.write(PageContent.compressible(1), to: other, page: 0)
        try fixture.write([UInt8](repeating: 1, count: 4096), to: area, page: 9)
        try store.discard(area, at: 4096, byteCount: 10, by: fixture.worker)
        #expect(
            try fixture.read(area, page: 1)
                == [UInt8](repeating: 0, count: 10) + PageContent.incompressible(1)[10...])
        // Room again: by a page that went, by a higher limit, by none.
        try fixture.write([UInt8](repeating: 1, count: 4096), to: area, page: 0)
        try fixture.write(PageContent.incompressible(5), to: area, page: 5)
        #expect(throws: StoreError.poolFull) {
            try fixture.write(PageContent.incompressible(6), to: area, page: 6)
        }
        try store.updateSettings(ofAreaNamed: "area") { $0.byteCountMax = 3 * 4096 + 1 }
        try fixture.write(PageContent.incompressible(6), to: area, page: 6)
        try store.updateSettings(ofAreaNamed: "area") { $0.byteCountMax = nil }
        try fixture.write(PageContent.incompressible(7), to: area, page: 7)
        #expect(store.statistics.rejects == 4)
    }

    @Test func aLimitOfNothingTakesSameFilledPagesOnly() throws {
        let fixture = try TestStore()
        let area = try fixture.makeArea()
        try fixture.store.updateSettings(ofAreaNamed: "area") { $0.byteCountMax = 0 }
        #expect(throws: StoreError.poolFull) {
            try fixture.write(PageContent.compressible(1), to: area, page: 0)
        }
        try fixture.write([UInt8](repeating: 1, count: 4096), to: area, page: 0)
        #expect(area.statistics.storedPageCount == 1 && area.storedByteCount == 0)
    }

    @Test func aPageThatFindsBothFullIsRefusedOnce() throws {
        let fixture = try TestStore { $0.maxPoolPercent = 0 }
        let area = try fixture.makeArea()
        try fixture.store.updateSettings(ofAreaNamed: "area") { $0.byteCountMax = 0 }
        #expect(throws: StoreError.poolFull) {
            try fixture.write(PageContent.compressible(1), to: area, page: 0)
        }
        #expect(fixture.store.statistics.rejects == 1 && area.traffic.refusedPageCount == 1)
    }

    @Test func settingsGoWithTheNameAndEndWithTheArea() throws {
        let fixture = try TestStore()
        let store = fixture.store
        let area = try fixture.makeArea("a")
        _ = try fixture.makeArea("b")
        #expect(store.settings(ofAreaNamed: "a") == AreaSettings())
        #expect(area.allowsWriteBack)
        var settings = AreaSettings()
        settings.compressor = "lz4"
        settings.byteCountMax = Limits.areaByteCountMax
        settings.allowsWriteBack = false
        try store.updateSettings(ofAreaNamed: "a") { $0 = settings }
        #expect(!area.allowsWriteBack)
        #expect(store.settings(ofAreaNamed: "b") == AreaSettings())
        // In the arena: a successor that finds the record finds them.
        let record = try #require(store.directory.records[area.slot])
        #expect(record.compressor == 0 && record.byteCountMax == Limits.areaByteCountMax)
        #expect(record.allowsWriteBack == false)

        try store.renameArea(from: "a", to: "b", replaces: true, by: fixture.worker)
        #expect(store.settings(ofAreaNamed: "a") == nil)
        #expect(store.settings(ofAreaNamed: "b") == settings)
        try store.unlinkArea(name: "b", by: fixture.worker)
        let next = try fixture.makeArea("b")
        #expect(next.slot == area.slot)
        #expect(store.settings(ofAreaNamed: "b") == AreaSettings())
        #expect(next.allowsWriteBack)
    }
}
