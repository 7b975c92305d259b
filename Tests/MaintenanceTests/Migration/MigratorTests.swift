import LinuxSystem
import PoolTesting
import Synchronization
import TestSupport
import Testing
import ZswapCore

@testable import Maintenance
@testable import SwapStore

/// The thread that moves pages, and others that store, load and remove meanwhile.
@Suite(.serialized) struct MigratorTests {
    @Test func itDoesWhatIsAskedFor() throws {
        let fixture = try TestStore(growsInBackground: true, compressors: .withTestCompressors())
        let (store, maintenance) = (fixture.store, fixture.maintenance)
        let area = try fixture.makeArea()
        for page in 0..<700 as Range<UInt64> {
            try fixture.write(PageContent.compressible(page), to: area, page: page)
        }
        try fixture.maintenance.start(.migration)
        try store.setZpool("zbud")
        maintenance.setMigration(.now)
        #expect(Patience.wait(milliseconds: 20_000) { maintenance.migrationMode == .off })
        #expect(store.statistics.migratedPages == 700)
        maintenance.setMigration(.background)
        try store.setCompressor("inverted")
        let isDone = Patience.wait(milliseconds: 20_000) {
            store.statistics.migratedPages == 1400 && maintenance.migrationReport.activity == .idle
        }
        #expect(isDone, "\(maintenance.migrationReport)")
        #expect(
            maintenance.migrationMode == .background && maintenance.migrationReport.nanoseconds > 0)
        fixture.maintenance.stop()
        for page in 0..<700 as Range<UInt64> {
            #expect(try fixture.read(area, page: page) == PageContent.compressible(page))
        }
    }

    @Test func stoppingEndsIt() throws {
        let fixture = try TestStore(growsInBackground: true)
        let area = try fixture.makeArea()
        for page in 0..<400 as Range<UInt64> {
            try fixture.write(PageContent.compressible(page), to: area, page: page)
        }
        for round in 0..<40 {
            try fixture.store.setZpool(Zpools.next(after: fixture.store.zpoolType))
            try fixture.maintenance.start(.migration)
            fixture.maintenance.setMigration(round % 3 == 0 ? .background : .now)
            fixture.maintenance.stop()
        }
        for pool in fixture.store.pools { pool.checkInvariants() }
        for page in 0..<400 as Range<UInt64> {
            #expect(try fixture.read(area, page: page) == PageContent.compressible(page))
        }
    }

    /// Two threads with a model each, one that changes everything, and the migrator.
    @Test(arguments: [1, 2, 3] as [UInt64]) func racesKeepEveryPage(seed: UInt64) throws {
        let fixture = try TestStore(
            capacityByteCount: 256 << 20, growsInBackground: true,
            compressors: .withTestCompressors())
        let (store, maintenance) = (fixture.store, fixture.maintenance)
        try fixture.maintenance.start(.migration)
        maintenance.setMigration(.background)
        let runs = try (0..<2).map { try MigrationRaceRun(fixture, seed: seed, number: $0) }
        let doneCount = Atomic<Int>(0)
        Threads.run(count: 3) { number in
            if number < 2 {
                runs[number].run(stepCount: 3000)
                doneCount.add(1, ordering: .releasing)
            } else {
                Self.change(fixture, seed) { doneCount.load(ordering: .acquiring) == 2 }
            }
        }
        for run in runs { #expect(run.fault == nil, "seed \(seed)") }
        // On a busy machine the migrator may not have run yet; now something is left to move.
        try store.setZpool(Zpools.next(after: store.zpoolType))
        maintenance.setMigration(.now)
        #expect(Patience.wait(milliseconds: 60_000) { maintenance.migrationMode != .now })
        fixture.maintenance.stop()
        fixture.releaseDrained()
        #expect(maintenance.migrationReport.pagesLeft == 0, "seed \(seed)")
        #expect(store.statistics.migratedPages > 0)
        #expect(store.pools.count == 1, "seed \(seed): \(store.pools.map(\.type))")
        for run in runs { #expect(run.isAsItsModel(), "seed \(seed)") }
        let statistics = store.statistics
        #expect(statistics.checksumFail + statistics.decompressFail + statistics.rejects == 0)
        #expect(
            store.holders.map(\.payloadByteCount).reduce(0, +) == statistics.pages.storedByteCount)
        for pool in store.pools { pool.checkInvariants() }
        for (name, _) in store.areas { try store.unlinkArea(name: name, by: fixture.worker) }
        #expect(store.statistics.pages == AreaStatistics() && store.poolFrameCount == 0)
    }

    private static func change(
        _ fixture: TestStore, _ seed: UInt64, until isDone: () -> Bool
    ) {
        let (store, maintenance) = (fixture.store, fixture.maintenance)
        var random = SplitMix64(seed: seed &+ 1000)
        while !isDone() {
            switch random.next() % 8 {
            case 0, 1: try? store.setZpool(Zpools.next(after: store.zpoolType))
            case 2: try? store.setChainLength([4, 8, 16][Int(random.next() % 3)])
            case 3, 4: try? store.setCompressor(["lz4", "inverted"][Int(random.next() % 2)])
            case 5: maintenance.setMigration([.off, .background][Int(random.next() % 2)])
            case 6: maintenance.setMigration(.now)
            default: store.giveBack()
            }
            store.releaseDrained()
            // Long enough for a part of the pages, or for all of them.
            _ = Patience.wait(milliseconds: Int(random.next() % 80)) { isDone() }
        }
        maintenance.setMigration(.background)
    }
}
