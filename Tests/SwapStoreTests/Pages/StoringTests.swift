import Compressors
import TestSupport
import Testing
import ZswapCore

@testable import SwapStore

/// A page's life: how it is stored, when it is refused, and how its entry says to read it back.
@Suite struct StoringTests {
    private static func entry(_ fixture: TestStore, _ area: Area, _ page: UInt64) -> PageEntry {
        guard let offset = area.table.entryOffset(of: PageNumber(page)) else { return .empty }
        return PageEntry(pair: fixture.arena.loadPair(at: offset))
    }

    @Test(arguments: Zpools.names) func pagesAreKeptAsWhatTheyAre(zpool: String) throws {
        let fixture = try TestStore(zpool: zpool)
        let area = try fixture.makeArea()
        let pages: [(content: [UInt8], kind: PageEntry.Kind)] = [
            (PageContent.compressible(1), .pooled), (PageContent.incompressible(2), .raw),
            ([UInt8](repeating: 0, count: 4096), .sameFilled),
            ([UInt8](repeating: 0xff, count: 4096), .sameFilled),
        ]
        for (page, (content, kind)) in pages.enumerated() {
            try fixture.write(content, to: area, page: UInt64(page))
            #expect(Self.entry(fixture, area, UInt64(page)).kind == kind)
            #expect(try fixture.read(area, page: UInt64(page)) == content)
        }
        #expect(Self.entry(fixture, area, 4).kind == .empty)
        let raw = Self.entry(fixture, area, 1)
        #expect(raw.byteCount == 4096)
        // zbud takes no whole page, so the store keeps it in a frame of its own.
        #expect((raw.generation == RawFrames.generation) == (zpool == "zbud"))
    }

    @Test func sameFilledPagesNeedNoPool() throws {
        let fixture = try TestStore()
        let area = try fixture.makeArea()
        for page in 0..<300 as Range<UInt64> {
            var random = SplitMix64(seed: page)
            try fixture.write(PageContent.word.bytes(4096, &random), to: area, page: page)
        }
        #expect(fixture.store.statistics.poolByteCount == 0)
        #expect(area.statistics.sameFilledPageCount == 300)
        fixture.store.update { $0.keepsSameFilledPages = false }
        try fixture.write([UInt8](repeating: 3, count: 4096), to: area, page: 0)
        #expect(Self.entry(fixture, area, 0).kind == .pooled)
        #expect(area.statistics.sameFilledPageCount == 299)
    }

    @Test(arguments: Zpools.names) func aFullPoolRefusesAndKeepsTheOldPage(zpool: String) throws {
        // 1 % of 6400 pages: 64 frames.
        let fixture = try TestStore(zpool: zpool, totalByteCount: 6400 * 4096) {
            $0.maxPoolPercent = 1
        }
        let area = try fixture.makeArea()
        var taken: UInt64 = 0
        while (try? fixture.write(PageContent.incompressible(taken), to: area, page: taken)) != nil
        {
            taken += 1
        }
        #expect(taken == 64)
        let statistics = fixture.store.statistics
        #expect(statistics.poolByteCount == 64 * 4096 && statistics.poolByteCountMax == 64 * 4096)
        #expect(statistics.poolLimitHits == 1 && statistics.rejectReclaimFail == 1)
        #expect(statistics.rejects == 1 && statistics.failedWrites == 1)
        // Overwriting is storing: refused, and the old page stays.
        #expect(throws: StoreError.poolFull) {
            try fixture.write(PageContent.compressible(1), to: area, page: 3)
        }
        #expect(throws: StoreError.poolFull) {
            try fixture.write([1, 2, 3], to: area, at: 3 * 4096 + 100)
        }
        for page in 0..<64 as Range<UInt64> {
            #expect(try fixture.read(area, page: page) == PageContent.incompressible(page))
        }
        // Same-filled pages are accepted still, also in place of others.
        try fixture.write([UInt8](repeating: 9, count: 4096), to: area, page: 100)
        try fixture.write([UInt8](repeating: 8, count: 4096), to: area, page: 3)
        #expect(try fixture.read(area, page: 3) == [UInt8](repeating: 8, count: 4096))
        #expect(fixture.store.statistics.poolLimitHits == 3)
        #expect(fixture.store.statistics.poolByteCountMax == 64 * 4096)
    }

    @Test func hysteresisHoldsThroughTheStore() throws {
        let fixture = try TestStore(totalByteCount: 6400 * 4096) {
            $0.maxPoolPercent = 1
            $0.acceptThresholdPercent = 50
        }
        let area = try fixture.makeArea()
        func write(_ page: UInt64) -> Bool {
            (try? fixture.write(PageContent.incompressible(page), to: area, page: page)) != nil
        }
        func discard(_ page: UInt64) throws {
            try fixture.store.discard(
                area, at: page << 12, byteCount: 4096, by: fixture.worker)
        }
        for page in 0..<64 as Range<UInt64> { #expect(write(page)) }
        #expect(!write(64))
        for page in 0..<31 as Range<UInt64> {
            try discard(page)
            #expect(!write(64), "accepted with \(63 - page) frames in use")
        }
        #expect(fixture.store.statistics.poolLimitHits == 1)
        #expect(fixture.store.statistics.rejectReclaimFail == 32)
        try discard(31)
        for page in 0..<32 as Range<UInt64> { #expect(write(page)) }
        #expect(!write(64))
        #expect(fixture.store.statistics.poolLimitHits == 2)
    }

    @Test func aShortWriteTakesWholePages() throws {
        let fixture = try TestStore(totalByteCount: 1000 * 4096) { $0.maxPoolPercent = 1 }
        let area = try fixture.makeArea()
        let bytes = (0..<20 as Range<UInt64>).flatMap { PageContent.incompressible($0) }
        let taken = try fixture.write(bytes, to: area, at: 1000)
        #expect(taken > 4096 && taken < bytes.count && (taken + 1000) % 4096 == 0)
        #expect(area.size == UInt64(taken + 1000))
        #expect(try fixture.read(area, at: 1000, count: 99_999) == Array(bytes.prefix(taken)))
        #expect(fixture.store.statistics.failedWrites == 1)
    }

    @Test func switchedOffMeansRefused() throws {
        let fixture = try TestStore()
        let area = try fixture.makeArea()
        let page = PageContent.compressible(1)
        try fixture.write(page, to: area, page: 0)
        fixture.store.update { $0.isEnabled = false }
        #expect(throws: StoreError.disabled) {
            try fixture.write([UInt8](repeating: 0, count: 4096), to: area, page: 0)
        }
        #expect(try fixture.read(area, page: 0) == page)
        fixture.store.update {
            $0.isEnabled = true
            $0.takesOtherPages = false
        }
        #expect(throws: StoreError.sameFilledOnly) {
            try fixture.write(PageContent.compressible(2), to: area, page: 0)
        }
        try fixture.write([UInt8](repeating: 0, count: 4096), to: area, page: 1)
        #expect(try fixture.read(area, page: 0) == page)
        // Clearing a part of a page is no new page.
        try fixture.store.discard(area, at: 0, byteCount: 10, by: fixture.worker)
        #expect(try fixture.read(area, page: 0) == [UInt8](repeating: 0, count: 10) + page[10...])
        #expect(fixture.store.statistics.rejects == 0)
    }

    @Test(arguments: Zpools.names) func whatIsStoredIsReadByItsEntry(zpool: String) throws {
        let fixture = try TestStore(zpool: zpool, compressors: .withTestCompressors())
        let area = try fixture.makeArea()
        var random = SplitMix64(seed: 14)
        let pages = (0..<200).map { number in
            let kinds = PageContent.allCases
            return kinds[number % kinds.count].bytes(4096, &random)
        }
        for (number, page) in pages.enumerated() {
            if number == 100 { try fixture.store.setCompressor("inverted") }
            try fixture.write(page, to: area, page: UInt64(number))
        }
        let inverted = fixture.store.availableCompressors.firstIndex(of: "inverted")
        #expect(Self.entry(fixture, area, 102).compressor == inverted)
        try fixture.store.setCompressor("lz4")
        try fixture.store.setZpool(Zpools.next(after: zpool))
        fixture.store.update {
            $0.isEnabled = false
            $0.maxPoolPercent = 0
            $0.acceptThresholdPercent = 0
            $0.keepsSameFilledPages = false
            $0.takesOtherPages = false
        }
        for (number, page) in pages.enumerated() {
            #expect(try fixture.read(area, page: UInt64(number)) == page, "page \(number)")
        }
    }

    @Test func aCompressorThatFailsCostsNoPage() throws {
        let registry = CompressorRegistry()
        try registry.register(Failing())
        var configuration = SwapStore.Configuration(totalByteCount: 1 << 30)
        configuration.compressor = "failing"
        let fixture = try TestStore()
        let store = try SwapStore(
            in: fixture.arena, zpools: .standard(), compressors: registry,
            configuration: configuration)
        let worker = try #require(store.makeWorker())
        let area = try store.createArea(name: "a", mode: 0, userID: 0, groupID: 0)
        let page = PageContent.compressible(5)
        #expect(try store.write(page.span.bytes, to: area, at: 0, by: worker) == 4096)
        #expect(store.statistics.compressFail == 1 && area.statistics.rawPageCount == 1)
        #expect(store.statistics.rejects == 0)
    }
}

private struct Failing: Compressor {
    var name: String { "failing" }
    func makeCodec(level: Int) throws(CompressorError) -> any Codec { FailingCodec() }
}

private final class FailingCodec: Codec {
    var byteCount: Int { 0 }
    func compress(_ page: RawSpan, into output: inout MutableRawSpan) -> CompressionResult {
        .failed
    }
    func decompress(_ object: RawSpan, into page: inout MutableRawSpan) -> Bool { false }
}
