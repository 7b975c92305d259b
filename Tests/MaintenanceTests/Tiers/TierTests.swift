import Compressors
import TestSupport
import Testing
import ZswapCore

@testable import Maintenance
@testable import SwapStore

/// Pages that were not used for long are recompressed: the right ones, once, and as they were.
@Suite struct TierTests {
    static let pageCount: UInt64 = 40

    static func content(_ page: UInt64) -> [UInt8] {
        page % 4 == 3 ? PageContent.incompressible(page) : PageContent.compressible(page)
    }

    /// A store whose cold compressor is deflate, which every page of the test gains by, with pages
    /// around a border of leaves. Without libdeflate it is lz4hc.
    static func makeFilled(
        zpool: String = "zsmalloc", compressors: CompressorRegistry = .standard()
    ) throws -> (fixture: TestStore, area: Area) {
        let fixture = try TestStore(zpool: zpool, compressors: compressors)
        let dense = compressors.names.contains("deflate") ? "deflate" : "lz4hc"
        try fixture.store.setColdCompressor(dense)
        let area = try fixture.makeArea()
        for page in 0..<pageCount { try fixture.write(content(page), to: area, page: 490 + page) }
        return (fixture, area)
    }

    static func expectContent(_ fixture: TestStore, _ area: Area) throws {
        for page in 0..<pageCount {
            #expect(try fixture.read(area, page: 490 + page) == content(page), "page \(page)")
        }
    }

    /// Whether a page is compressed as a cold one.
    private static func isCold(_ fixture: TestStore, _ area: Area, _ page: UInt64) -> Bool {
        let entry = fixture.entry(of: page, in: area)
        let compressor = fixture.store.control.withLock { $0.coldCompressor }
        return entry.kind == .pooled && entry.compressor == compressor
    }

    private static func coldPages(_ fixture: TestStore, _ area: Area) -> [UInt64] {
        (0..<pageCount).filter { isCold(fixture, area, 490 + $0) }
    }

    /// The store's seconds go on by themselves: a rest may be some shorter.
    private static func rest(_ step: TierStep, in range: ClosedRange<Int>) -> Bool {
        guard case .rests(let seconds) = step else { return false }
        return range.contains(seconds)
    }

    private static let compressible = (0..<pageCount).filter { $0 % 4 != 3 }

    @Test(arguments: Zpools.names) func coldPagesAreRecompressed(zpool: String) throws {
        let (fixture, area) = try Self.makeFilled(zpool: zpool)
        let store = fixture.store
        let before = store.statistics.pages
        try store.setColdAfter(seconds: 60)
        var sweep = TierSweep()
        #expect(Self.rest(fixture.recompress(&sweep), in: 50...60))
        #expect(Self.coldPages(fixture, area).isEmpty)
        store.clock.add(seconds: 45)
        #expect(Self.rest(fixture.recompress(&sweep), in: 5...15))
        #expect(Self.coldPages(fixture, area).isEmpty)
        store.clock.add(seconds: 15)
        #expect(fixture.recompress(&sweep) == .rests(seconds: 60))
        #expect(Self.coldPages(fixture, area) == Self.compressible)
        let (after, counts) = (store.statistics.pages, store.tierCounts)
        #expect(after.storedPageCount == before.storedPageCount)
        #expect(after.rawPageCount == before.rawPageCount)
        #expect(after.storedByteCount < before.storedByteCount)
        #expect(counts.recompressedPageCount == Self.compressible.count)
        #expect(
            counts.byteCountBefore - counts.byteCountAfter
                == before.storedByteCount - after.storedByteCount)
        #expect(counts.notSmallerPageCount == 10 && counts.nanoseconds > 0)
        #expect(
            store.holders.map(\.payloadByteCount).reduce(0, +) == after.storedByteCount)
        for pool in store.pools { pool.checkInvariants() }
        try Self.expectContent(fixture, area)
        #expect(store.tierCounts.coldLoadCount == Self.compressible.count)
    }

    @Test func aPageThatIsUsedStaysHot() throws {
        let (fixture, area) = try Self.makeFilled()
        try fixture.store.setColdAfter(seconds: 60)
        fixture.store.clock.add(seconds: 50)
        for page in [0, 1, 13] as [UInt64] { _ = try fixture.read(area, page: 490 + page) }
        fixture.store.clock.add(seconds: 20)
        var sweep = TierSweep()
        #expect(Self.rest(fixture.recompress(&sweep), in: 30...40))
        #expect(
            Self.coldPages(fixture, area) == Self.compressible.filter { ![0, 1, 13].contains($0) })
        // Loading a cold page leaves it where it is; storing one makes it hot.
        let entry = fixture.entry(of: 492, in: area)
        _ = try fixture.read(area, page: 492)
        #expect(fixture.entry(of: 492, in: area).hasObject(of: entry))
        let age = fixture.entry(of: 492, in: area).lastUse.ageSeconds(at: fixture.store.seconds)
        #expect(age < 10)
        try fixture.write(Self.content(494), to: area, page: 494)
        #expect(!Self.isCold(fixture, area, 494))
    }

    /// The oldest pages come first, wherever they lie.
    @Test func theOldestComeFirst() throws {
        let (fixture, area) = try Self.makeFilled()
        let store = fixture.store
        store.clock.add(seconds: 1000)
        for page in 0..<20 as Range<UInt64> { _ = try fixture.read(area, page: 490 + page) }
        store.clock.add(seconds: 100)
        try store.setColdAfter(seconds: 60)
        var sweep = TierSweep()
        while Self.coldPages(fixture, area).count < 10 {
            #expect(fixture.recompress(&sweep, stepCountMax: 1) == .worked)
        }
        #expect(Self.coldPages(fixture, area).allSatisfy { $0 >= 20 })
        fixture.recompress(&sweep)
        #expect(Self.coldPages(fixture, area) == Self.compressible)
    }

    /// What gained nothing is not tried again, and nothing else either, until it was used or a
    /// setting changes.
    @Test func aPageIsTriedOnce() throws {
        let probe = CodecProbe()
        let registry = CompressorRegistry.standard()
        try registry.register(ProbeCompressor(probe))
        let fixture = try TestStore(compressors: registry)
        let (store, area) = (fixture.store, try fixture.makeArea())
        // The probe is lz4: it gains nothing over lz4.
        try store.setColdCompressor("probe")
        for page in 0..<30 as Range<UInt64> {
            try fixture.write(Self.content(page), to: area, page: page)
        }
        try store.setColdAfter(seconds: 60)
        var sweep = TierSweep()
        for round in 1...5 {
            store.clock.add(seconds: 100)
            #expect(fixture.recompress(&sweep) == .rests(seconds: 60))
            #expect(probe.count(.compress) == 30, "round \(round)")
        }
        #expect(store.tierCounts.notSmallerPageCount == 30)
        #expect(fixture.maintenance.tierReport.held.triedPageCount == 7)
        // Those that were compressed are tried again; the others name the compressor.
        store.clock.add(seconds: 1)
        try store.setColdAfter(seconds: 61)
        fixture.recompress(&sweep)
        #expect(probe.count(.compress) == 30 + 23)
        _ = try fixture.read(area, page: 0)
        _ = try fixture.read(area, page: 3)
        store.clock.add(seconds: 100)
        fixture.recompress(&sweep)
        #expect(probe.count(.compress) == 30 + 23 + 1)
        try store.setColdCompressor("lz4hc")
        fixture.recompress(&sweep)
        #expect(fixture.maintenance.tierReport.held.triedPageCount == 7)
        #expect(store.tierCounts.notSmallerPageCount >= 30 + 23 + 1 + 7)
    }

    @Test func withoutAnAgeNothingIsDone() throws {
        let (fixture, area) = try Self.makeFilled()
        fixture.store.clock.add(seconds: 100_000)
        var sweep = TierSweep()
        #expect(fixture.recompress(&sweep) == .idle)
        #expect(!fixture.maintenance.tiers.isDue(sweep))
        #expect(Self.coldPages(fixture, area).isEmpty)
        // Codecs of the cold compressor come with the first age.
        let number = fixture.store.control.withLock { $0.coldCompressor }
        #expect(fixture.store.codecSettings.withLock { !$0.isPrepared[number] })
        try fixture.store.setColdAfter(seconds: 60)
        #expect(fixture.store.codecSettings.withLock { $0.isPrepared[number] })
        #expect(fixture.maintenance.tiers.isDue(sweep))
    }

    @Test func anAreaHasItsOwnAge() throws {
        let (fixture, area) = try Self.makeFilled()
        let store = fixture.store
        let other = try fixture.makeArea("other")
        try fixture.write(Self.content(0), to: other, page: 0)
        try store.updateSettings(ofAreaNamed: "other") { $0.coldAfterSeconds = 30 }
        store.clock.add(seconds: 30)
        var sweep = TierSweep()
        #expect(fixture.recompress(&sweep) == .rests(seconds: 30))
        #expect(Self.isCold(fixture, other, 0) && Self.coldPages(fixture, area).isEmpty)
        try store.setColdAfter(seconds: 10)
        try store.updateSettings(ofAreaNamed: "area") { $0.coldAfterSeconds = 0 }
        fixture.recompress(&sweep)
        #expect(Self.coldPages(fixture, area).isEmpty)
        try store.updateSettings(ofAreaNamed: "area") { $0.coldAfterSeconds = nil }
        #expect(fixture.maintenance.tiers.isDue(sweep))
        fixture.recompress(&sweep)
        #expect(Self.coldPages(fixture, area) == Self.compressible)
    }

    @Test func itWaitsForRoom() throws {
        let (fixture, area) = try Self.makeFilled()
        fixture.store.update { $0.maxPoolPercent = 0 }
        try fixture.maintenance.startRecompression(.all)
        var sweep = TierSweep()
        #expect(fixture.recompress(&sweep) == .waitsForRoom)
        #expect(fixture.maintenance.tierReport.activity == .waitingForRoom)
        #expect(!fixture.maintenance.tiers.isDue(sweep))
        fixture.store.update { $0.maxPoolPercent = 20 }
        #expect(fixture.maintenance.tiers.isDue(sweep))
        fixture.recompress(&sweep)
        #expect(Self.coldPages(fixture, area) == Self.compressible)
        #expect(fixture.maintenance.tierReport.activity == .idle)
    }
}
