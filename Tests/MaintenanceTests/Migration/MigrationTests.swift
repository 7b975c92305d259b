import Compressors
import TestSupport
import Testing
import ZPool
import ZswapCore

@testable import Maintenance
@testable import SwapStore

/// Stored pages follow a change of pool or compressor: all of them, right, and counted.
@Suite struct MigrationTests {
    /// A place of pages: a driver, a chain, a compressor.
    struct Place: CustomTestStringConvertible, Sendable {
        let zpool: String
        let chain: Int
        let compressor: String

        var testDescription: String { "\(zpool) (chain \(chain)), \(compressor)" }

        static let all =
            Zpools.names.flatMap { zpool in
                CompressorRegistry.withTestCompressors().names.map {
                    Place(zpool: zpool, chain: Limits.chainLengthDefault, compressor: $0)
                }
            } + [Place(zpool: "zsmalloc", chain: 16, compressor: "lz4")]

        func choose(in store: SwapStore) throws {
            try store.setChainLength(chain)
            try store.setZpool(zpool)
            try store.setCompressor(compressor)
        }
    }

    private static let pageCount: UInt64 = 60

    private static func content(_ page: UInt64) -> [UInt8] {
        let kinds = PageContent.allCases
        var random = SplitMix64(seed: page)
        return kinds[Int(page) % kinds.count].bytes(Page.byteCount, &random)
    }

    static func makeStore(zpool: String = "zsmalloc") throws -> TestStore {
        try TestStore(zpool: zpool, compressors: .withTestCompressors())
    }

    /// A store with pages of every kind around a border of leaves.
    private static func makeFilled(_ place: Place) throws -> (fixture: TestStore, area: Area) {
        let fixture = try makeStore()
        try place.choose(in: fixture.store)
        fixture.releaseDrained()
        let area = try fixture.makeArea()
        for page in 0..<pageCount {
            try fixture.write(content(page), to: area, page: 490 + page)
        }
        return (fixture, area)
    }

    private static func expectContent(_ fixture: TestStore, _ area: Area) throws {
        for page in 0..<pageCount {
            #expect(try fixture.read(area, page: 490 + page) == content(page), "page \(page)")
        }
    }

    @Test(arguments: Place.all.indices, Place.all.indices)
    func everyPageFollows(from: Int, to: Int) throws {
        guard from != to else { return }
        let (old, new) = (Place.all[from], Place.all[to])
        let (fixture, area) = try Self.makeFilled(old)
        let (store, maintenance) = (fixture.store, fixture.maintenance)
        let objectCount = (0..<Self.pageCount).count {
            [.pooled, .raw].contains(fixture.entry(of: 490 + $0, in: area).kind)
        }
        let before = store.statistics
        try new.choose(in: store)
        #expect(fixture.migrateNow() == .idle)
        #expect(maintenance.migrationMode == .off)
        let report = maintenance.migrationReport
        #expect(report.pagesMoved == objectCount && report.pagesLeft == 0)
        #expect(report.byteCountBefore == before.pages.storedByteCount)
        #expect(report.activity == .idle && report.damagedPages == 0 && report.startedAt > 0)
        try Self.expectContent(fixture, area)

        // The same numbers as of a store that was filled with the new settings.
        let (twin, _) = try Self.makeFilled(new)
        let (mine, its) = (store.statistics, twin.store.statistics)
        #expect(mine.pages == its.pages)
        #expect(report.byteCountAfter == its.pages.storedByteCount)
        #expect(mine.migratedPages == objectCount && its.migratedPages == 0)
        #expect(mine.rejects == 0 && mine.discardedPages == 0)
        fixture.releaseDrained()
        #expect(store.holders.map(\.type) == twin.store.holders.map(\.type))
        #expect(store.pools.map(\.chainLength) == twin.store.pools.map(\.chainLength))
        #expect(
            store.holders.map(\.payloadByteCount) == twin.store.holders.map(\.payloadByteCount))
        #expect(
            store.holders.map(\.bytes.objectCount).reduce(0, +)
                == twin.store.holders.map(\.bytes.objectCount).reduce(0, +))
        for pool in store.pools { pool.checkInvariants() }

        // Nothing is left to do, and everything can go.
        #expect(fixture.migrateNow() == .idle)
        #expect(store.statistics.migratedPages == objectCount)
        try store.truncate(area, to: 0, by: fixture.worker)
        #expect(store.statistics.pages == AreaStatistics())
        #expect(store.statistics.poolByteCount == 0)
    }

    private static let first = Place(zpool: "zsmalloc", chain: 8, compressor: "lz4")

    @Test func nothingMovesByItself() throws {
        let (fixture, area) = try Self.makeFilled(Self.first)
        try fixture.store.setZpool("zbud")
        var sweep = MigrationSweep()
        #expect(fixture.migrate(&sweep) == .idle)
        let report = fixture.maintenance.migrationReport
        #expect(report.mode == .off && report.pagesMoved == 0 && report.startedAt == 0)
        #expect(report.pagesLeft == fixture.store.pools[0].bytes.objectCount)
        #expect(fixture.store.statistics.migratedPages == 0)
        try Self.expectContent(fixture, area)
    }

    @Test func halfWayItTurnsRound() throws {
        let (fixture, area) = try Self.makeFilled(Self.first)
        let (store, maintenance) = (fixture.store, fixture.maintenance)
        let count = store.pools[0].bytes.objectCount
        maintenance.setMigration(.background)
        var sweep = MigrationSweep()
        for round in 1...4 {
            // Five steps to look at all pages, then three steps forth, one back.
            let isBack = round % 2 == 0
            try store.setZpool(isBack ? "zsmalloc" : "zbud")
            #expect(fixture.migrate(&sweep, stepCountMax: isBack ? 6 : 8) == .worked)
            #expect(store.pools.map(\.generation) == [1, 2])
            #expect(maintenance.migrationReport.pagesMoved > 0)
            let objects = store.pools.map(\.bytes.objectCount)
            #expect(objects.allSatisfy { $0 > 0 }, "round \(round) moved \(objects)")
            try Self.expectContent(fixture, area)
        }
        #expect(fixture.migrate(&sweep) == .idle)
        #expect(maintenance.migrationMode == .background)
        fixture.releaseDrained()
        #expect(store.pools.map(\.generation) == [1])
        #expect(store.pools.map(\.bytes.objectCount) == [count])
        try Self.expectContent(fixture, area)
        // The next change finds it awake.
        try store.setChainLength(16)
        #expect(fixture.migrate(&sweep) == .idle)
        fixture.releaseDrained()
        #expect(store.pools.map(\.chainLength) == [16])
        try store.setChainLength(8)
        #expect(fixture.migrate(&sweep) == .idle)
        fixture.releaseDrained()
        #expect(store.pools.map(\.chainLength) == [8])
        try Self.expectContent(fixture, area)
    }

    @Test func offStopsInTheMiddle() throws {
        let (fixture, area) = try Self.makeFilled(Self.first)
        let (store, maintenance) = (fixture.store, fixture.maintenance)
        try store.setZpool("z3fold")
        maintenance.setMigration(.now)
        var sweep = MigrationSweep()
        fixture.migrate(&sweep, stepCountMax: 6)
        let moved = store.statistics.migratedPages
        #expect(moved > 0)
        maintenance.setMigration(.off)
        #expect(fixture.migrate(&sweep) == .idle)
        #expect(store.statistics.migratedPages == moved)
        #expect(maintenance.migrationReport.pagesLeft == store.pools[0].bytes.objectCount)
        #expect(maintenance.migrationReport.activity == .idle)
        try Self.expectContent(fixture, area)
        maintenance.setMigration(.background)
        #expect(fixture.migrate(&sweep) == .idle)
        fixture.releaseDrained()
        #expect(store.pools.map(\.type) == ["z3fold"])
        try Self.expectContent(fixture, area)
    }

    @Test func nowEndsAndLeavesWhatWasSetBefore() throws {
        let (fixture, _) = try Self.makeFilled(Self.first)
        let (store, maintenance) = (fixture.store, fixture.maintenance)
        var sweep = MigrationSweep()
        for mode in [MigrationMode.background, .off] {
            maintenance.setMigration(mode)
            fixture.migrate(&sweep)
            try store.setZpool(Zpools.next(after: store.zpoolType))
            maintenance.setMigration(.now)
            fixture.migrate(&sweep, stepCountMax: 6)
            #expect(maintenance.migrationMode == .now)
            // Once more is the same again.
            maintenance.setMigration(.now)
            #expect(fixture.migrate(&sweep) == .idle)
            #expect(maintenance.migrationMode == mode)
            #expect(maintenance.migrationReport.pagesLeft == 0)
        }
    }

    @Test func whatStoresMeanwhileIsNotTouched() throws {
        let (fixture, area) = try Self.makeFilled(Self.first)
        let store = fixture.store
        try store.setCompressor("inverted")
        // Every second object is as wanted already.
        for page in 0..<Self.pageCount where page % 2 == 0 {
            try fixture.write(Self.content(page), to: area, page: 490 + page)
        }
        let entries = (0..<Self.pageCount).map { fixture.entry(of: 490 + $0, in: area) }
        fixture.migrateNow()
        for page in 0..<Self.pageCount {
            let isSame = fixture.entry(of: 490 + page, in: area) == entries[Int(page)]
            let isObject = [.pooled, .raw].contains(entries[Int(page)].kind)
            #expect(isSame == (page % 2 == 0 || !isObject), "page \(page)")
        }
        try Self.expectContent(fixture, area)
    }

    /// A store that began under the old state publishes its object late.
    @Test func itWaitsForRequestsThatBeganBefore() throws {
        let (fixture, area) = try Self.makeFilled(Self.first)
        let (store, maintenance) = (fixture.store, fixture.maintenance)
        let other = try #require(store.makeWorker())
        defer { store.removeWorker(other) }
        store.begin(other)
        try store.setZpool("zbud")
        maintenance.setMigration(.now)
        var sweep = MigrationSweep()
        #expect(fixture.migrate(&sweep) == .waitsForRequests)
        let content = PageContent.compressible(1)
        try store.store(content.span.bytes, at: PageNumber(3), of: area, by: other)
        #expect(fixture.entry(of: 3, in: area).generation == 1)
        #expect(fixture.migrate(&sweep) == .waitsForRequests)
        store.end(other)
        #expect(fixture.migrate(&sweep) == .idle)
        #expect(fixture.entry(of: 3, in: area).generation == 2)
        #expect(try fixture.read(area, page: 3) == content)
        try Self.expectContent(fixture, area)
    }
}
