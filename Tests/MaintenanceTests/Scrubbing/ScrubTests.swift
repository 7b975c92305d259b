import TestSupport
import Testing
import ZPool
import ZswapCore

@testable import Backing
@testable import Maintenance
@testable import SwapStore

/// Passes over stored pages, step by step: what is damaged is found, and nothing else is touched.
@Suite struct ScrubTests {
    private static func filled(
        _ zpool: String = "zsmalloc", pagesPerSecond: Int = 1000
    ) throws -> (fixture: TestStore, area: Area) {
        let fixture = try TestStore(
            zpool: zpool, compressors: .withTestCompressors(),
            tunables: { $0.scrubPagesPerSecond = pagesPerSecond })
        let area = try fixture.makeArea()
        for page in 0..<600 as Range<UInt64> {
            try fixture.write(WriteBackRig.content(page), to: area, page: page)
        }
        return (fixture, area)
    }

    /// Bytes that no codec reads as the page that it was.
    private static func damage(_ fixture: TestStore, _ area: Area, _ page: UInt64) throws {
        let object = try fixture.object(of: page, in: area)
        for place in object.indices { object[place] ^= 0xa5 }
    }

    private static func expect(
        _ fixture: TestStore, _ area: Area, damaged: Set<UInt64>,
        _ location: SourceLocation = #_sourceLocation
    ) throws {
        for page in 0..<600 as Range<UInt64> {
            if damaged.contains(page) {
                #expect(throws: StoreError.corrupted, sourceLocation: location) {
                    try fixture.read(area, page: page)
                }
            } else {
                let bytes = try fixture.read(area, page: page)
                #expect(bytes == WriteBackRig.content(page), sourceLocation: location)
            }
        }
    }

    @Test(arguments: Zpools.names) func damagedPagesAreFound(zpool: String) throws {
        let (fixture, area) = try Self.filled(zpool)
        let store = fixture.store
        let before = store.statistics.pages
        let objects = before.storedPageCount - before.sameFilledPageCount
        // Two compressed ones, the second the last of a leaf, and one that is kept as it is.
        for page in [3, 511, 8] as [UInt64] { try Self.damage(fixture, area, page) }
        let payload = [3, 511, 8].map { fixture.entry(of: $0, in: area).byteCount }.reduce(0, +)
        let found = fixture.scrubOnce()
        #expect(found.map(\.page.rawValue) == [3, 8, 511])
        #expect(found.allSatisfy { $0.area == "area" && !$0.isBacked })
        let statistics = store.statistics
        #expect(statistics.scrubErrors == 3)
        #expect(statistics.scrubbedPages == objects - 3)
        #expect(statistics.checksumFail + statistics.decompressFail == 0)
        #expect(statistics.pages.storedPageCount == before.storedPageCount - 3)
        #expect(statistics.pages.rawPageCount == before.rawPageCount - 1)
        #expect(statistics.pages.storedByteCount == before.storedByteCount - payload)
        let holders = store.holders
        #expect(holders.map(\.payloadByteCount).reduce(0, +) == statistics.pages.storedByteCount)
        #expect(holders.map(\.bytes.objectCount).reduce(0, +) == objects - 3)
        for pool in store.pools { pool.checkInvariants() }
        try Self.expect(fixture, area, damaged: [3, 8, 511])
        // Each is found once, and can be written.
        #expect(fixture.scrubOnce() == [])
        #expect(store.statistics.scrubErrors == 3)
        for page in [3, 511, 8] as [UInt64] {
            try fixture.write(WriteBackRig.content(page), to: area, page: page)
        }
        try Self.expect(fixture, area, damaged: [])
        #expect(store.statistics.pages == before)
        try store.discard(area, at: 0, byteCount: 1 << 40, by: fixture.worker)
        #expect(store.statistics.pages == AreaStatistics() && store.poolFrameCount == 0)
    }

    @Test func aPassThatIsNotAskedForIsNotMade() throws {
        let (fixture, area) = try Self.filled(pagesPerSecond: 0)
        try Self.damage(fixture, area, 3)
        #expect(fixture.scrubOnce() == [])
        #expect(fixture.store.statistics.scrubbedPages == 0)
        #expect(fixture.maintenance.scrubReport == ScrubReport())
        // Switched off on the way, it begins again.
        fixture.store.update { $0.scrubPagesPerSecond = 100 }
        var walk = ScrubWalk()
        for _ in 0..<3 { _ = fixture.maintenance.scrub.step(&walk, by: fixture.worker) }
        #expect(fixture.maintenance.scrubReport.activity == .running)
        #expect(fixture.maintenance.scrubReport.verifiedPageCount == 3)
        fixture.store.update { $0.scrubPagesPerSecond = 0 }
        #expect(fixture.maintenance.scrub.step(&walk, by: fixture.worker) == .idle)
        #expect(fixture.maintenance.scrubReport.activity == .idle)
        #expect(fixture.maintenance.scrubReport.passCount == 0)
        fixture.store.update { $0.scrubPagesPerSecond = 100 }
        #expect(fixture.scrub(&walk).count == 1)
        let report = fixture.maintenance.scrubReport
        #expect(report.passCount == 1 && report.damagedPageCount == 1)
        #expect(report.pageCount == 525 && report.verifiedPageCount == 524)
        #expect(report.reason == .parameter && report.skippedPageCount == 0)
    }

    /// If the second look, when no entry names the object any more, finds the page as it was
    /// stored, it is put back.
    @Test func anIntactPageIsNotCondemned() throws {
        let (fixture, area) = try Self.filled()
        let before = fixture.store.statistics.pages
        for page in 0..<600 as Range<UInt64> where page % 8 != 5 {
            let offset = try #require(area.table.entryOffset(of: PageNumber(page)))
            let entry = fixture.entry(of: page, in: area)
            fixture.store.begin(fixture.worker)
            let outcome = fixture.maintenance.scrub.condemn(
                entry, at: offset, of: area, fixture.worker)
            fixture.store.end(fixture.worker)
            #expect(outcome == .done && fixture.entry(of: page, in: area) == entry)
        }
        try Self.expect(fixture, area, damaged: [])
        #expect(fixture.store.statistics.pages == before)
    }

    /// A page that is written while it is looked at is skipped, though another page's object lies
    /// where its own was.
    @Test(arguments: Zpools.names) func aPageThatChangedMeanwhileIsSkipped(zpool: String) throws {
        let (fixture, area) = try Self.filled(zpool)
        let store = fixture.store
        let offset = try #require(area.table.entryOffset(of: PageNumber(1)))
        let seen = fixture.entry(of: 1, in: area)
        try Self.damage(fixture, area, 1)
        try fixture.write(WriteBackRig.content(1), to: area, page: 1)
        let before = store.statistics.pages
        for isSure in [false, true] {
            store.begin(fixture.worker)
            let outcome =
                isSure
                ? fixture.maintenance.scrub.condemn(seen, at: offset, of: area, fixture.worker)
                : fixture.maintenance.scrub.verify(seen, at: offset, of: area, fixture.worker)
            store.end(fixture.worker)
            #expect(outcome == .skipped(.changed))
        }
        try Self.expect(fixture, area, damaged: [])
        #expect(store.statistics.pages == before)
        // Only used meanwhile, it is the same object.
        try Self.damage(fixture, area, 2)
        let unused = fixture.entry(of: 2, in: area)
        let place = try #require(area.table.entryOffset(of: PageNumber(2)))
        let use = try #require(unused.lastUse.loaded(at: store.clock.seconds + 5))
        let isUsed = fixture.arena.compareExchangePair(
            expected: unused.pair, desired: unused.used(use).pair, at: place)
        #expect(isUsed)
        store.begin(fixture.worker)
        let outcome = fixture.maintenance.scrub.verify(unused, at: place, of: area, fixture.worker)
        store.end(fixture.worker)
        #expect(outcome == .skipped(.damaged))
        try Self.expect(fixture, area, damaged: [2])
    }

    /// A pass goes on over areas that are removed, truncated and moved to another pool, and over
    /// parameters that change.
    @Test func aPassOutlivesWhatItWalksOver() throws {
        let (fixture, area) = try Self.filled()
        let (store, maintenance) = (fixture.store, fixture.maintenance)
        let other = try fixture.makeArea("other")
        for page in 0..<1200 as Range<UInt64> {
            try fixture.write(WriteBackRig.content(page), to: other, page: page)
        }
        let changes: [() throws -> Void] = [
            { try store.setZpool("zbud") }, { maintenance.setMigration(.now) },
            { fixture.migrateNow() }, { fixture.releaseDrained() },
            { try store.setCompressor("inverted") }, { fixture.migrateNow() },
            { try store.truncate(area, to: 200 << 12, by: fixture.worker) },
            { store.update { $0.scrubPagesPerSecond = 1 } },
            { try store.unlinkArea(name: "area", by: fixture.worker) },
            { try store.discard(other, at: 0, byteCount: 3 << 20, by: fixture.worker) },
            { store.giveBack() },
        ]
        var walk = ScrubWalk()
        for change in changes {
            for _ in 0..<5 { _ = fixture.maintenance.scrub.step(&walk, by: fixture.worker) }
            try change()
        }
        #expect(fixture.scrub(&walk) == [])
        let statistics = store.statistics
        #expect(statistics.scrubErrors == 0 && maintenance.scrubReport.skippedPageCount == 0)
        #expect(statistics.scrubbedPages > 300 && maintenance.scrubReport.passCount == 1)
        for page in 768..<1200 as Range<UInt64> {
            #expect(try fixture.read(other, page: page) == WriteBackRig.content(page))
        }
        try store.unlinkArea(name: "other", by: fixture.worker)
        #expect(store.statistics.pages == AreaStatistics() && store.poolFrameCount == 0)
    }

    @Test func pagesOnTheBackingStoreAreVerified() throws {
        let rig = try WriteBackRig(tunables: { $0.scrubPagesPerSecond = 1000 })
        try rig.fill(0..<400)
        try rig.writeBack(.huge)
        let backedCount = rig.pages.backedPageCount
        #expect(backedCount == 100)
        let place = try #require(rig.entry(8).location.byteOffset)
        rig.device.overwrite([1, 2, 3, 4, 5, 6, 7], at: Int(place) + RecordHeader.byteCount + 100)
        let found = rig.fixture.scrubOnce()
        #expect(found == [DamagedPage(area: "area", page: PageNumber(8), isBacked: true)])
        #expect(rig.entry(8).kind == .lost)
        #expect(rig.pages.backedPageCount == backedCount - 1)
        #expect(rig.store.statistics.scrubErrors == 1)
        #expect(rig.store.statistics.scrubbedPages == 349)
        #expect(rig.store.statistics.backingLoadFail == 0)
        #expect(throws: StoreError.corrupted) { try rig.fixture.read(rig.area, page: 8) }
        try rig.expect(0..<8)
        try rig.expect(9..<400)
        rig.expectBalance()
        try rig.expectEmptyAfterDiscard()
    }

    /// A device that does not answer says nothing about its pages.
    @Test func pagesThatCannotBeReadAreSkipped() throws {
        let rig = try WriteBackRig(tunables: { $0.scrubPagesPerSecond = 1000 })
        try rig.fill(0..<400)
        try rig.writeBack(.huge)
        rig.device.setGone(true)
        #expect(rig.fixture.scrubOnce() == [])
        #expect(rig.maintenance.scrubReport.skippedPageCount == 100)
        #expect(rig.store.statistics.scrubbedPages == 250)
        rig.device.setGone(false)
        try rig.expect(0..<400)
        #expect(rig.fixture.scrubOnce() == [])
        #expect(rig.maintenance.scrubReport.skippedPageCount == 0)
        // What changed before it is looked at again is skipped, too.
        rig.expectBalance()
    }

    @Test func theLogNamesSomePagesAndCountsTheOthers() {
        var log = ScrubLog()
        var lines: [String] = []
        let pages = (0..<40).map {
            DamagedPage(area: "swap", page: PageNumber($0), isBacked: $0 == 1)
        }
        log.note(Array(pages[..<3]), { lines.append($0) })
        log.note(Array(pages[3...]), { lines.append($0) })
        #expect(lines.count == Scrubber.namedPageCountMax)
        #expect(lines[0].hasPrefix("page 0 of area swap is damaged in memory:"))
        #expect(lines[1].hasPrefix("page 1 of area swap is damaged on the backing store:"))
        log.end { lines.append($0) }
        #expect(lines.last == "8 more pages are damaged")
        log.end { lines.append($0) }
        #expect(lines.count == Scrubber.namedPageCountMax + 1)
    }
}
