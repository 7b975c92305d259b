import Arena
import Synchronization
import TestSupport
import Testing
import ZPool
import ZswapCore

@testable import SwapStore

/// Bytes that changed behind the store's back, and memory that is refused.
@Suite struct DamageTests {
    /// The bytes of a page's object in the arena.
    static func object(
        _ fixture: TestStore, _ area: Area, _ page: UInt64
    ) throws -> UnsafeMutableRawBufferPointer {
        let offset = try #require(area.table.entryOffset(of: PageNumber(page)))
        let entry = PageEntry(pair: fixture.arena.loadPair(at: offset))
        let handle = try #require(entry.handle)
        let place =
            entry.generation == RawFrames.generation
            ? fixture.store.rawFrames.offset(of: handle)
            : try #require(fixture.store.pool(entry.generation, for: fixture.worker))
                .withPool { $0.offset(of: handle) }
        return UnsafeMutableRawBufferPointer(
            start: fixture.arena.pointer(to: place, byteCount: entry.byteCount),
            count: entry.byteCount)
    }

    @Test(arguments: Zpools.names) func aFlippedByteIsNoticed(zpool: String) throws {
        let fixture = try TestStore(zpool: zpool)
        let area = try fixture.makeArea()
        try fixture.write(PageContent.compressible(1), to: area, page: 0)
        try fixture.write(PageContent.incompressible(2), to: area, page: 1)
        var random = SplitMix64(seed: 5)
        for round in 0..<200 {
            let page = UInt64(round % 2)
            let object = try Self.object(fixture, area, page)
            let place = Int(random.next() % UInt64(object.count))
            let bit = UInt8(1 << (random.next() % 8))
            let content =
                page == 0 ? PageContent.compressible(1) : PageContent.incompressible(2)
            object[place] ^= bit
            let read = Result { () throws(StoreError) in try fixture.read(area, page: page) }
            switch read {
            case .failure(let error): #expect(error == .corrupted)
            // A compressed page has bits that mean nothing, like where an unused match would lie.
            case .success(let bytes): #expect(page == 0 && bytes == content)
            }
            object[place] ^= bit
            #expect(try fixture.read(area, page: page) == content)
        }
        let statistics = fixture.store.statistics
        #expect(statistics.checksumFail >= 100)
        #expect(statistics.failedReads == statistics.checksumFail + statistics.decompressFail)
    }

    @Test func aDamagedPageCanBeReplacedButNotPatched() throws {
        let fixture = try TestStore()
        let area = try fixture.makeArea()
        try fixture.write(PageContent.incompressible(1), to: area, page: 0)
        try fixture.write(PageContent.incompressible(2), to: area, page: 1)
        try Self.object(fixture, area, 0)[77] ^= 1
        #expect(throws: StoreError.corrupted) { try fixture.write([1], to: area, at: 10) }
        #expect(throws: StoreError.corrupted) { try fixture.read(area, at: 0, count: 8192) }
        #expect(try fixture.read(area, page: 1) == PageContent.incompressible(2))
        try fixture.write(PageContent.compressible(3), to: area, page: 0)
        #expect(try fixture.read(area, page: 0) == PageContent.compressible(3))
        #expect(fixture.store.statistics.pages.storedPageCount == 2)
    }

    @Test(arguments: Zpools.names) func withoutMemoryTheOldPageStays(zpool: String) throws {
        let isRefusing = Mutex(false)
        let fixture = try TestStore(
            zpool: zpool, refusesCommit: { _ in isRefusing.withLock { $0 } })
        let area = try fixture.makeArea()
        try fixture.write(PageContent.compressible(0), to: area, page: 0)
        isRefusing.withLock { $0 = true }
        var taken: UInt64 = 1
        while (try? fixture.write(PageContent.incompressible(taken), to: area, page: taken)) != nil
        {
            taken += 1
            try #require(taken < 10_000)
        }
        #expect(fixture.store.statistics.rejectAllocFail == 1)
        #expect(fixture.store.statistics.rejects == 1)
        #expect(throws: StoreError.outOfMemory) {
            try fixture.write(PageContent.incompressible(77), to: area, page: 1)
        }
        #expect(try fixture.read(area, page: 0) == PageContent.compressible(0))
        for page in 1..<taken {
            #expect(try fixture.read(area, page: page) == PageContent.incompressible(page))
        }
        #expect(area.statistics.storedPageCount == Int(taken))
        isRefusing.withLock { $0 = false }
        try fixture.write(PageContent.incompressible(77), to: area, page: 1)
        #expect(try fixture.read(area, page: 1) == PageContent.incompressible(77))
    }

    @Test func withoutMemoryForTheTableAPageIsRefused() throws {
        let isRefusing = Mutex(false)
        let fixture = try TestStore(refusesCommit: { _ in isRefusing.withLock { $0 } })
        let area = try fixture.makeArea()
        isRefusing.withLock { $0 = true }
        // Pages of a word need a leaf each, and no pool.
        let word = [UInt8](repeating: 5, count: 4096)
        var leaf: UInt64 = 0
        while (try? fixture.write(word, to: area, page: leaf * 512)) != nil {
            leaf += 1
            try #require(leaf < 10_000)
        }
        let statistics = fixture.store.statistics
        #expect(statistics.rejectTableFail == 1 && statistics.rejects == 1)
        #expect(statistics.pages.storedPageCount == Int(leaf))
        // Areas need other runs, of which there may be some left.
        var count = 0
        while (try? fixture.makeArea("\(count)")) != nil { count += 1 }
        #expect(throws: StoreError.outOfMemory) { try fixture.makeArea("another") }
        #expect(fixture.store.areas.count == 1 + count)
        isRefusing.withLock { $0 = false }
        _ = try fixture.makeArea("another")
        try fixture.write(word, to: area, page: leaf * 512)
    }

    @Test func aPageWithoutALeafGivesItsObjectBack() throws {
        let isRefusing = Mutex(false)
        let fixture = try TestStore(refusesCommit: { _ in isRefusing.withLock { $0 } })
        let area = try fixture.makeArea()
        try fixture.write(PageContent.compressible(0), to: area, page: 0)
        isRefusing.withLock { $0 = true }
        let word = [UInt8](repeating: 5, count: 4096)
        var leaf: UInt64 = 1
        while (try? fixture.write(word, to: area, page: leaf * 512)) != nil { leaf += 1 }
        let before = fixture.store.statistics.poolByteCount
        #expect(throws: StoreError.outOfMemory) {
            try fixture.write(PageContent.compressible(0), to: area, page: leaf * 512)
        }
        #expect(fixture.store.statistics.rejectTableFail == 2)
        #expect(fixture.store.statistics.poolByteCount == before)
        #expect(fixture.store.statistics.pages.storedPageCount == Int(leaf))
    }
}
