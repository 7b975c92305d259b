import Arena
import Compressors
import TestSupport
import Testing
import ZswapCore

@testable import Maintenance
@testable import SwapStore

/// Codecs read nothing that another thread may write, on every path that leads to one. Each path is
/// taken while another worker replaces the page and has its old object's memory reused.
@Suite struct PrivateSourceTests {
    /// A store that compresses with the probe, a page in it, and a second worker.
    private struct Rig {
        let probe = CodecProbe()
        let fixture: TestStore
        let area: Area
        let other: StoreWorker

        init(zpool: String) throws {
            let registry = CompressorRegistry.withTestCompressors()
            try registry.register(ProbeCompressor(probe))
            fixture = try TestStore(zpool: zpool, compressors: registry)
            try fixture.store.setCompressor("probe")
            probe.watch(fixture.arena)
            area = try fixture.makeArea()
            other = try #require(fixture.store.makeWorker())
            try fixture.write(PageContent.compressible(1), to: area, page: 0)
        }

        /// In the middle of the next `call` the page is replaced, and enough is stored that the
        /// freed memory is used again.
        func disturb(onNext call: CodecProbe.Call) {
            let (fixture, area, other) = (fixture, area, other)
            probe.disturb(onNext: call) {
                for page in 0..<40 as Range<UInt64> {
                    _ = try? fixture.write(
                        PageContent.compressible(100 + page), to: area, at: page << 12, by: other)
                }
            }
        }

        func expectCalls(_ call: CodecProbe.Call, since count: Int) {
            #expect(probe.count(call) > count, "the path was not taken")
            #expect(probe.faults == [])
        }

        func end() { fixture.store.removeWorker(other) }
    }

    @Test(arguments: Zpools.names) func aWrite(zpool: String) throws {
        let rig = try Rig(zpool: zpool)
        defer { rig.end() }
        let count = rig.probe.count(.compress)
        rig.disturb(onNext: .compress)
        try rig.fixture.write(PageContent.compressible(2), to: rig.area, page: 0)
        rig.expectCalls(.compress, since: count)
        #expect(try rig.fixture.read(rig.area, page: 0) == PageContent.compressible(2))
    }

    @Test(arguments: Zpools.names, [CodecProbe.Call.compress, .decompress])
    func aPartOfAPage(zpool: String, call: CodecProbe.Call) throws {
        let rig = try Rig(zpool: zpool)
        defer { rig.end() }
        let count = rig.probe.count(call)
        rig.disturb(onNext: call)
        try rig.fixture.write([1, 2, 3], to: rig.area, at: 8)
        rig.expectCalls(call, since: count)
        var page = PageContent.compressible(100)
        page.replaceSubrange(8..<11, with: [1, 2, 3])
        #expect(try rig.fixture.read(rig.area, page: 0) == page)
    }

    @Test(arguments: Zpools.names, [CodecProbe.Call.compress, .decompress])
    func aClearedPart(zpool: String, call: CodecProbe.Call) throws {
        let rig = try Rig(zpool: zpool)
        defer { rig.end() }
        let count = rig.probe.count(call)
        rig.disturb(onNext: call)
        try rig.fixture.store.discard(
            rig.area, at: 8, byteCount: 3, by: rig.fixture.worker)
        rig.expectCalls(call, since: count)
        var page = PageContent.compressible(100)
        page.replaceSubrange(8..<11, with: [0, 0, 0])
        #expect(try rig.fixture.read(rig.area, page: 0) == page)
    }

    @Test(arguments: Zpools.names) func aLoad(zpool: String) throws {
        let rig = try Rig(zpool: zpool)
        defer { rig.end() }
        let count = rig.probe.count(.decompress)
        rig.disturb(onNext: .decompress)
        let page = try rig.fixture.read(rig.area, page: 0)
        rig.expectCalls(.decompress, since: count)
        #expect([1, 100].map { PageContent.compressible($0) }.contains(page))
    }

    /// From a pool and from raw frames, into the probe's format and out of it.
    @Test(arguments: Zpools.names, [("probe", "lz4"), ("lz4", "probe"), ("idle", "probe")])
    func aMigration(zpool: String, way: (String, String)) throws {
        let rig = try Rig(zpool: zpool)
        defer { rig.end() }
        let store = rig.fixture.store
        try store.setCompressor(way.0)
        try rig.fixture.write(PageContent.compressible(3), to: rig.area, page: 0)
        try store.setCompressor(way.1)
        let call = way.0 == "probe" ? CodecProbe.Call.decompress : .compress
        let count = rig.probe.count(call)
        rig.disturb(onNext: call)
        rig.fixture.migrateNow()
        rig.expectCalls(call, since: count)
        for page in 0..<40 as Range<UInt64> {
            #expect(
                try rig.fixture.read(rig.area, page: page) == PageContent.compressible(100 + page))
        }
    }

    /// To the backing store, and from there.
    @Test(arguments: Zpools.names) func aWriteBack(zpool: String) throws {
        let rig = try Rig(zpool: zpool)
        defer { rig.end() }
        let store = rig.fixture.store
        try store.setBacking(FaultyBacking(byteCount: 8 << 20))
        var work = try rig.fixture.makeWriteBackWork()
        _ = work.turn { true }
        try rig.fixture.maintenance.startWriteBack(.all)
        let count = rig.probe.count(.decompress)
        rig.disturb(onNext: .decompress)
        while rig.fixture.maintenance.writeBackJob?.progress == .running { _ = work.turn { true } }
        rig.expectCalls(.decompress, since: count)
        #expect(store.statistics.pages.backedPageCount == 40)
        for page in 0..<40 as Range<UInt64> {
            if page == 5 { rig.disturb(onNext: .decompress) }
            #expect(
                try rig.fixture.read(rig.area, page: page) == PageContent.compressible(100 + page))
        }
        #expect(rig.probe.faults == [])
    }

    /// Memory that may be reused is no source of a page, and it is told.
    @Test(arguments: [true, false]) func aPageFromTheArenaTraps(compresses: Bool) async {
        if compresses {
            await #expect(processExitsWith: .failure) { try Self.storeFromArena("lz4") }
        } else {
            await #expect(processExitsWith: .failure) { try Self.storeFromArena("idle") }
        }
    }

    private static func storeFromArena(_ compressor: String) throws {
        let fixture = try TestStore(compressors: .withTestCompressors())
        try fixture.store.setCompressor(compressor)
        let area = try fixture.makeArea()
        try fixture.write(PageContent.incompressible(1), to: area, page: 0)
        let entry = fixture.entry(of: 0, in: area)
        guard let offset = fixture.store.objectOffset(entry, fixture.worker) else { return }
        let arena = fixture.arena
        let bytes = arena.bytes(at: offset, count: Page.byteCount)
        _ = try fixture.store.write(bytes, to: area, at: 4096, by: fixture.worker)
    }

    @Test func theArenaKnowsItsBytes() throws {
        let fixture = try TestStore()
        let area = try fixture.makeArea()
        try fixture.write(PageContent.incompressible(1), to: area, page: 0)
        let entry = fixture.entry(of: 0, in: area)
        let offset = try #require(fixture.store.objectOffset(entry, fixture.worker))
        let (arena, patch) = (fixture.arena, fixture.worker.patch)
        let isInside = arena.overlaps(arena.bytes(at: offset, count: 1))
        let isPatchInside = arena.overlaps(patch.bytes)
        let array = [UInt8](repeating: 0, count: 9)
        let isArrayInside = arena.overlaps(array.span.bytes)
        #expect(isInside && !isPatchInside && !isArrayInside)
    }
}
