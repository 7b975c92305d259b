import Synchronization
import TestSupport
import Testing
import ZswapCore

@testable import Maintenance
@testable import SwapStore

/// Migration where something is in its way: no room, damage, areas that go.
@Suite struct MigrationTroubleTests {
    private static func write(
        _ fixture: TestStore, _ area: Area, _ pages: Range<UInt64>
    ) throws(StoreError) {
        for page in pages {
            try fixture.write(PageContent.compressible(page), to: area, page: page)
        }
    }

    private static func expect(
        _ fixture: TestStore, _ area: Area, _ pages: Range<UInt64>
    ) throws {
        for page in pages {
            #expect(
                try fixture.read(area, page: page) == PageContent.compressible(page),
                "page \(page)")
        }
    }

    @Test func aDamagedPageStaysAsItIs() throws {
        let fixture = try TestStore()
        let (store, maintenance) = (fixture.store, fixture.maintenance)
        let area = try fixture.makeArea()
        try Self.write(fixture, area, 0..<20)
        try fixture.write(PageContent.incompressible(1), to: area, page: 20)
        let object = try fixture.object(of: 20, in: area)
        object[9] ^= 1
        let entry = fixture.entry(of: 20, in: area)
        try store.setZpool("zbud")
        #expect(fixture.migrateNow() == .idle)
        var report = maintenance.migrationReport
        #expect(report.pagesMoved == 20 && report.pagesLeft == 1 && report.damagedPages == 1)
        #expect(maintenance.migrationMode == .off)
        #expect(fixture.entry(of: 20, in: area) == entry)
        // No request read the page, so it is no failed load.
        #expect(store.statistics.checksumFail == 0)
        #expect(throws: StoreError.corrupted) { try fixture.read(area, page: 20) }
        fixture.releaseDrained()
        #expect(store.pools.map(\.bytes.objectCount) == [1, 20])
        // What is mended can be moved.
        object[9] ^= 1
        #expect(fixture.migrateNow() == .idle)
        report = maintenance.migrationReport
        #expect(report.pagesMoved == 1 && report.pagesLeft == 0 && report.damagedPages == 0)
        #expect(try fixture.read(area, page: 20) == PageContent.incompressible(1))
        try Self.expect(fixture, area, 0..<20)
        fixture.releaseDrained()
        #expect(store.pools.map(\.type) == ["zbud"])
    }

    /// A fifth of 20 MiB: 1024 frames, the accept line at 921.
    private static func makeSmall() throws -> TestStore {
        try TestStore(
            zpool: "zbud", totalByteCount: 20 << 20, compressors: .withTestCompressors()
        ) { $0.maxPoolPercent = 20 }
    }

    @Test(arguments: [("zsmalloc", "lz4"), ("zbud", "idle")])
    func itStopsAtTheAcceptLine(zpool: String, compressor: String) throws {
        let fixture = try Self.makeSmall()
        let (store, maintenance) = (fixture.store, fixture.maintenance)
        let area = try fixture.makeArea()
        var count: UInt64 = 0
        while store.poolFrameCount < 900 {
            try Self.write(fixture, area, count..<count + 1)
            count += 1
        }
        try store.setZpool(zpool)
        try store.setCompressor(compressor)
        maintenance.setMigration(.background)
        var sweep = MigrationSweep()
        var most = 0
        var step = MigrationStep.worked
        while step == .worked {
            step = maintenance.migration.step(&sweep, by: fixture.worker)
            most = max(most, store.poolFrameCount)
        }
        #expect(step == .waitsForRoom)
        #expect(most <= 921 + Limits.runFrameCountMax)
        var report = maintenance.migrationReport
        #expect(report.activity == .waitingForRoom && report.roomWaits == 1)
        #expect(report.pagesMoved > 0 && report.pagesMoved < count && report.pagesLeft > 0)
        // The migrator waits, and stores do not.
        #expect(fixture.migrate(&sweep) == .waitsForRoom)
        try Self.write(fixture, area, count..<count + 10)
        #expect(store.statistics.rejects == 0 && store.statistics.poolLimitHits == 0)
        try Self.expect(fixture, area, 0..<count + 10)
        // With room it goes on where it was.
        try store.discard(area, at: 0, byteCount: (count / 4 * 3) << 12, by: fixture.worker)
        #expect(fixture.migrate(&sweep) == .idle)
        report = maintenance.migrationReport
        #expect(report.activity == .idle && report.pagesLeft == 0)
        fixture.releaseDrained()
        #expect(store.pools.map(\.type) == [zpool])
        try Self.expect(fixture, area, count / 4 * 3..<count + 10)
        #expect(store.statistics.rejects == 0)
    }

    /// A store that was full takes pages again below the line. It still does when migration has
    /// gone above the line before the next page comes.
    @Test func aStoreThatWasFullIsNotKeptFull() throws {
        let fixture = try Self.makeSmall()
        let store = fixture.store
        let area = try fixture.makeArea()
        var count: UInt64 = 0
        while (try? Self.write(fixture, area, count..<count + 1)) != nil { count += 1 }
        #expect(store.standsAtLimit)
        var start: UInt64 = 0
        while store.poolFrameCount > 915 {
            try store.discard(area, at: start << 12, byteCount: 4096, by: fixture.worker)
            start += 1
        }
        try store.setZpool("zsmalloc")
        let rejects = store.statistics.rejects
        #expect(fixture.migrateNow() == .waitsForRoom)
        #expect(store.poolFrameCount > 921, "else this shows nothing")
        try Self.write(fixture, area, 0..<1)
        #expect(store.statistics.rejects == rejects)
    }

    @Test func atTheLimitNothingMovesUntilThereIsRoom() throws {
        let fixture = try Self.makeSmall()
        let (store, maintenance) = (fixture.store, fixture.maintenance)
        let area = try fixture.makeArea()
        var count: UInt64 = 0
        while (try? Self.write(fixture, area, count..<count + 1)) != nil { count += 1 }
        let used = store.poolFrameCount
        try store.setZpool("zsmalloc")
        #expect(fixture.migrateNow() == .waitsForRoom)
        #expect(maintenance.migrationMode == .now)
        #expect(store.poolFrameCount == used && store.statistics.migratedPages == 0)
        store.update { $0.maxPoolPercent = 100 }
        #expect(fixture.migrateNow() == .idle)
        fixture.releaseDrained()
        #expect(store.pools.map(\.type) == ["zsmalloc"])
        try Self.expect(fixture, area, 0..<count)
    }

    @Test func theEndOfTheArenaIsALimitToo() throws {
        let fixture = try TestStore(zpool: "zbud", capacityByteCount: 16 << 20)
        let store = fixture.store
        let area = try fixture.makeArea()
        var count: UInt64 = 0
        func isSpare() -> Bool {
            let usage = fixture.arena.usage
            return (usage.capacityFrameCount - usage.committedFrameCount) * 10
                >= usage.capacityFrameCount
        }
        while isSpare() {
            try fixture.write(PageContent.incompressible(count), to: area, page: count)
            count += 1
        }
        try store.setZpool("zsmalloc")
        #expect(fixture.migrateNow() == .waitsForRoom)
        // There is room for stores.
        for page in 0..<20 as Range<UInt64> {
            try fixture.write(PageContent.incompressible(page), to: area, page: count + page)
        }
        #expect(store.statistics.rejects == 0)
        for page in 0..<count {
            #expect(try fixture.read(area, page: page) == PageContent.incompressible(page))
        }
    }

    @Test func noMemoryIsNoRoom() throws {
        let isRefusing = Mutex(false)
        let fixture = try TestStore(refusesCommit: { _ in isRefusing.withLock { $0 } })
        let store = fixture.store
        let area = try fixture.makeArea()
        try Self.write(fixture, area, 0..<3000)
        try store.setZpool("zbud")
        isRefusing.withLock { $0 = true }
        #expect(fixture.migrateNow() == .waitsForRoom)
        #expect(store.statistics.rejects == 0, "no page of anybody was refused")
        try Self.expect(fixture, area, 0..<3000)
        isRefusing.withLock { $0 = false }
        #expect(fixture.migrateNow() == .idle)
        fixture.releaseDrained()
        #expect(store.pools.map(\.type) == ["zbud"])
        try Self.expect(fixture, area, 0..<3000)
    }

    @Test func areasComeAndGoMeanwhile() throws {
        let fixture = try TestStore()
        let (store, maintenance) = (fixture.store, fixture.maintenance)
        let areas = try (0..<4).map { try fixture.makeArea("\($0)") }
        for area in areas { try Self.write(fixture, area, 500..<560) }
        store.open(areas[2])
        try store.unlinkArea(name: "2", by: fixture.worker)
        try store.setZpool("zbud")
        maintenance.setMigration(.background)
        var sweep = MigrationSweep()
        // 14 steps to count, then into the first area.
        fixture.migrate(&sweep, stepCountMax: 18)
        let moved = store.statistics.migratedPages
        #expect(moved > 0 && moved < 60, "\(moved)")
        try store.unlinkArea(name: "0", by: fixture.worker)
        try Self.write(fixture, try fixture.makeArea("new"), 0..<10)
        try store.truncate(areas[1], to: 520 << 12, by: fixture.worker)
        #expect(fixture.migrate(&sweep) == .idle)
        fixture.releaseDrained()
        #expect(store.pools.map(\.type) == ["zbud"])
        try Self.expect(fixture, areas[1], 500..<520)
        try Self.expect(fixture, areas[2], 500..<560)
        try Self.expect(fixture, areas[3], 500..<560)
        #expect(store.statistics.pages.storedPageCount == 10 + 20 + 60 + 60)
        store.close(areas[2], by: fixture.worker)
        for (name, _) in store.areas { try store.unlinkArea(name: name, by: fixture.worker) }
        store.giveBack()
        #expect(store.statistics.pages == AreaStatistics())
        #expect(fixture.arena.usage.entryFrameCount + fixture.arena.usage.nodeFrameCount == 0)
    }

    /// The area goes while a step holds it: then the step empties it.
    @Test func anAreaThatIsHeldGoesWithTheStep() throws {
        let fixture = try TestStore()
        let store = fixture.store
        let area = try fixture.makeArea("a")
        try Self.write(fixture, area, 0..<20)
        let held = try #require(store.directory.hold(from: 0))
        #expect(held === area)
        try store.unlinkArea(name: "a", by: fixture.worker)
        #expect(store.statistics.pages.storedPageCount == 20)
        #expect(store.directory.hold(from: 0) === area, "it is open, so it has pages")
        store.close(area, by: fixture.worker)
        store.close(area, by: fixture.worker)
        #expect(store.statistics.pages == AreaStatistics())
        #expect(store.directory.hold(from: 0) == nil)
    }
}
