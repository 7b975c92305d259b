import Maintenance
import PoolTesting
import SwapStore
import Synchronization
import TestSupport
import Testing
import ZswapCore

/// Several threads on one store, while pools are flipped and compacted under them.
@Suite(.serialized) struct ConcurrencyTests {
    private static let versionCount = 1500

    @Test(arguments: Zpools.names) func readsAreWholeVersionsAndNeverOld(zpool: String)
        throws
    {
        let race = try StampRace(zpool: zpool)
        let worker = try #require(race.fixture.store.makeWorker())
        let isDone = Atomic<Int>(0)
        Threads.run(count: 3) { number in
            if number < 2 {
                race.write(writer: number, versionCount: Self.versionCount)
                isDone.add(1, ordering: .releasing)
            } else {
                disturb(race.fixture, worker) { isDone.load(ordering: .acquiring) == 2 }
            }
        }
        race.expectNoFault()
        try Self.expectEmpty(race.fixture)
    }

    /// Two threads patch one half each of the same pages: no patch may undo the other's.
    @Test(arguments: Zpools.names) func patchesOfOnePageAreNotLost(zpool: String) throws {
        let fixture = try TestStore(zpool: zpool, growsInBackground: true)
        let area = try fixture.makeArea()
        let workers = try (0..<3).map { _ in try #require(fixture.store.makeWorker()) }
        let isDone = Atomic<Int>(0)
        let fault = Mutex<String?>(nil)
        Threads.run(count: 3) { number in
            guard number < 2 else {
                return disturb(fixture, workers[2]) {
                    isDone.load(ordering: .acquiring) == 2
                }
            }
            defer { isDone.add(1, ordering: .releasing) }
            for version in 1...UInt64(Self.versionCount) {
                let half = Stamp(writer: number, page: version % 3, version: version)
                    .bytes(count: 2048)
                let offset = version % 3 * 4096 + UInt64(number) * 2048
                do {
                    try fixture.write(half, to: area, at: offset, by: workers[number])
                    let read = try fixture.read(
                        area, at: offset, count: 2048, by: workers[number])
                    guard read == half else { throw StoreError.corrupted }
                } catch {
                    return fault.withLock { $0 = "thread \(number), version \(version): \(error)" }
                }
            }
        }
        #expect(fault.withLock { $0 } == nil)
        #expect(area.statistics.storedPageCount == 3)
        try Self.expectEmpty(fixture)
    }

    private static func expectEmpty(_ fixture: TestStore) throws {
        for (name, _) in fixture.store.areas {
            try fixture.store.unlinkArea(name: name, by: fixture.worker)
        }
        let statistics = fixture.store.statistics
        #expect(statistics.pages == AreaStatistics() && statistics.poolByteCount == 0)
        #expect(statistics.checksumFail + statistics.decompressFail == 0)
        #expect(statistics.rejects == 0)
        while fixture.store.releaseDrained() {}
        #expect(fixture.store.pools.count == 1)
        fixture.arena.stop()
    }
}

/// Flips pool and compressor, moves pages over, compacts, gives memory back and looks around until
/// told to stop.
private func disturb(_ fixture: TestStore, _ worker: StoreWorker, until isDone: () -> Bool) {
    let (store, maintenance) = (fixture.store, fixture.maintenance)
    var round = 0
    var sweep = MigrationSweep()
    maintenance.setMigration(.background)
    while !isDone() {
        round += 1
        while round % 3 == 0, !isDone(), maintenance.migration.step(&sweep, by: worker) == .worked {
        }
        if round % 8 == 0 {
            try? store.setZpool(Zpools.next(after: store.zpoolType))
        }
        if round % 8 == 4 {
            let names = store.availableCompressors
            try? store.setCompressor(names[round / 8 % names.count])
            if let range = store.compressorLevelRange {
                try? store.setCompressorLevel(range.lowerBound + round / 8 % 2)
            }
        }
        maintenance.compactOnRequest()
        store.releaseDrained()
        if round % 16 == 0 { store.giveBack() }
        _ = store.statistics
    }
}
