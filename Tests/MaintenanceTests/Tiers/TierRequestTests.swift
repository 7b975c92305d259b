import Compressors
import TestSupport
import Testing
import ZswapCore

@testable import Maintenance
@testable import SwapStore

/// Recompressing on request, where cold pages go, and what migration and a successor make of them.
@Suite struct TierRequestTests {
    private static func cold(_ fixture: TestStore, _ area: Area) -> [PageEntry] {
        let number = fixture.store.control.withLock { $0.coldCompressor }
        return (0..<TierTests.pageCount).map { fixture.entry(of: 490 + $0, in: area) }
            .filter { $0.kind == .pooled && $0.compressor == number }
    }

    @Test func pagesAreRecompressedOnRequest() throws {
        let (fixture, area) = try TierTests.makeFilled()
        let (store, maintenance) = (fixture.store, fixture.maintenance)
        try fixture.recompressNow(.huge)
        #expect(Self.cold(fixture, area).isEmpty)
        #expect(maintenance.tierReport.request == .huge && !maintenance.tierReport.isRequestRunning)
        #expect(store.tierCounts.notSmallerPageCount == 10)
        try fixture.recompressNow(.huge)
        #expect(store.tierCounts.notSmallerPageCount == 10)
        store.clock.add(seconds: 50)
        for page in 0..<10 as Range<UInt64> { _ = try fixture.read(area, page: 490 + page) }
        try fixture.recompressNow(.idle(seconds: 50))
        #expect(Self.cold(fixture, area).count == 22)
        try maintenance.startRecompression(.all)
        #expect(throws: Maintenance.RecompressRefusal.busy) {
            try maintenance.startRecompression(.huge)
        }
        var sweep = TierSweep()
        fixture.recompress(&sweep)
        #expect(Self.cold(fixture, area).count == 30)
        #expect(fixture.recompress(&sweep) == .idle)
        try TierTests.expectContent(fixture, area)
    }

    @Test(arguments: Zpools.names) func coldPagesHaveAPoolOfTheirOwn(zpool: String) throws {
        let (fixture, area) = try TierTests.makeFilled()
        let store = fixture.store
        try store.setColdZpool(zpool)
        #expect(store.coldZpoolType == zpool)
        try fixture.recompressNow()
        let generations = Set(Self.cold(fixture, area).map(\.generation))
        #expect(generations.count == 1)
        let isShared = zpool == "zsmalloc"
        #expect(store.pools.map(\.type) == (isShared ? [zpool] : ["zsmalloc", zpool]))
        #expect(store.pools.allSatisfy { $0.isCurrent })
        // It stays when it is empty, and goes when it is not asked for any more.
        try store.truncate(area, to: 0, by: fixture.worker)
        while store.releaseDrained() {}
        #expect(store.pools.count == (isShared ? 1 : 2))
        try store.setColdZpool(nil)
        while store.releaseDrained() {}
        #expect(store.pools.map(\.type) == ["zsmalloc"] && store.coldZpoolType == nil)
        #expect(throws: SettingError.unknownZpool("none")) { try store.setColdZpool("none") }
    }

    @Test func migrationLeavesColdPagesCold() throws {
        let (fixture, area) = try TierTests.makeFilled()
        let store = fixture.store
        try store.setColdAfter(seconds: 60)
        store.clock.add(seconds: 60)
        var sweep = TierSweep()
        fixture.recompress(&sweep)
        // Used again, they stay in the form that they have.
        try TierTests.expectContent(fixture, area)
        let entries = Self.cold(fixture, area)
        #expect(entries.count == 30)
        try store.setCompressor("lz4hc")
        fixture.migrateNow()
        #expect(Self.cold(fixture, area) == entries)
        #expect(store.statistics.migratedPages == 0)
        // In a pool that drains they can't stay: they are cold pages in the new one.
        try store.setZpool("z3fold")
        fixture.migrateNow()
        fixture.releaseDrained()
        #expect(store.pools.map(\.type) == ["z3fold"])
        #expect(Self.cold(fixture, area).count == 30)
        // Without tiers they are pages of another compressor.
        try store.setColdAfter(seconds: nil)
        fixture.migrateNow()
        #expect(Self.cold(fixture, area).isEmpty)
        try TierTests.expectContent(fixture, area)
    }

    @Test func aPageThatMigratesWhenItIsColdBecomesCold() throws {
        let (fixture, area) = try TierTests.makeFilled()
        try fixture.store.setColdAfter(seconds: 60)
        fixture.store.clock.add(seconds: 60)
        try fixture.store.setZpool("zbud")
        fixture.migrateNow()
        #expect(Self.cold(fixture, area).count == 30)
        fixture.releaseDrained()
        #expect(fixture.store.pools.count == 1)
        try TierTests.expectContent(fixture, area)
    }

    @Test func aSuccessorReadsColdPagesAndGoesOn() throws {
        let (fixture, area) = try TierTests.makeFilled()
        try fixture.store.setColdZpool("zbud")
        try fixture.recompressNow(.idle(seconds: 1))
        fixture.store.clock.add(seconds: 1)
        fixture.store.record[.clockBegan] = UInt64(
            bitPattern: fixture.store.clock.beganNanoseconds)
        try fixture.maintenance.startRecompression(.all)
        var sweep = TierSweep()
        while Self.cold(fixture, area).count < 8 {
            #expect(fixture.recompress(&sweep, stepCountMax: 1) == .worked)
        }
        try fixture.store.updateSettings(ofAreaNamed: "area") { $0.coldAfterSeconds = 7 }
        _ = try fixture.read(area, page: 490)
        let counts = fixture.store.tierCounts
        #expect(counts.coldLoadCount == 1)
        let new = try TestStore(
            takingOver: try TestStore.memory(leftBy: fixture.arena), from: fixture)
        let taken = try #require(new.store.area(named: "area"))
        #expect(new.recovery?.lostPageCount == 0)
        #expect(new.store.tierCounts == counts)
        #expect(new.store.settings(ofAreaNamed: "area")?.coldAfterSeconds == 7)
        #expect(new.maintenance.tierReport.request == .all)
        #expect(new.maintenance.tierReport.isRequestRunning)
        try TierTests.expectContent(new, taken)
        // As its settings are restored.
        try new.store.setColdCompressor(fixture.store.coldCompressor.name)
        try new.store.setColdZpool("zbud")
        try new.store.prepareColdForm()
        sweep = TierSweep()
        new.recompress(&sweep)
        #expect(Self.cold(new, taken).count == 30)
        #expect(Set(new.store.pools.map(\.type)) == ["zsmalloc", "zbud"])
        #expect(!new.maintenance.tierReport.isRequestRunning)
        #expect(new.store[note: .recompressJob] == 0)
        for pool in new.store.pools { pool.checkInvariants() }
        try TierTests.expectContent(new, taken)
    }

    /// Another thread stores the page in the middle of its recompression.
    @Test func theNewerPageWins() throws {
        let probe = CodecProbe()
        let registry = CompressorRegistry.withTestCompressors()
        try registry.register(ProbeCompressor(probe))
        let fixture = try TestStore(compressors: registry)
        let area = try fixture.makeArea()
        let other = try #require(fixture.store.makeWorker())
        defer { fixture.store.removeWorker(other) }
        try fixture.store.setCompressor("inverted")
        try fixture.store.setColdCompressor("probe")
        try fixture.write(PageContent.compressible(1), to: area, page: 0)
        probe.disturb(onNext: .compress) {
            _ = try? fixture.write(PageContent.compressible(2), to: area, at: 0, by: other)
        }
        let before = fixture.store.statistics
        try fixture.recompressNow()
        #expect(try fixture.read(area, page: 0) == PageContent.compressible(2))
        #expect(probe.faults.isEmpty)
        let after = fixture.store.statistics
        #expect(after.pages.storedPageCount == before.pages.storedPageCount)
        #expect(
            fixture.store.holders.map(\.payloadByteCount).reduce(0, +)
                == after.pages.storedByteCount)
    }
}
