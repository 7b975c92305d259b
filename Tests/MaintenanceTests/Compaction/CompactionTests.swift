import TestSupport
import Testing
import ZPool
import ZswapCore

@testable import Maintenance
@testable import SwapStore

/// Moving objects under pages that are in use.
@Suite struct CompactionTests {
    @Test func everythingStillReadsRight() throws {
        let fixture = try TestStore()
        let areas = try ["a", "b"].map { try fixture.makeArea($0) }
        for page in 0..<1000 as Range<UInt64> {
            try fixture.write(
                PageContent.compressible(page), to: areas[Int(page % 2)], page: page)
        }
        for page in 0..<1000 as Range<UInt64> where page % 5 > 1 {
            try fixture.store.discard(
                areas[Int(page % 2)], at: page << 12, byteCount: 4096, by: fixture.worker)
        }
        let before = fixture.store.statistics
        let freed = fixture.maintenance.compactOnRequest()
        let after = fixture.store.statistics
        #expect(freed > before.poolByteCount / Page.byteCount / 4)
        #expect(after.poolByteCount == before.poolByteCount - freed * Page.byteCount)
        #expect(after.compactedFrames == freed)
        #expect(after.pages == before.pages)
        for pool in fixture.store.pools { pool.checkInvariants() }
        for page in 0..<1000 as Range<UInt64> where page % 5 <= 1 {
            #expect(
                try fixture.read(areas[Int(page % 2)], page: page)
                    == PageContent.compressible(page), "page \(page)")
        }
        // What was moved can be replaced and discarded.
        for area in areas { try fixture.store.truncate(area, to: 0, by: fixture.worker) }
        #expect(fixture.store.statistics.poolByteCount == 0)
    }

    @Test func aPageOfAnotherPoolIsNotMoved() throws {
        let fixture = try TestStore()
        let area = try fixture.makeArea()
        try fixture.write(PageContent.compressible(1), to: area, page: 5)
        let offset = try #require(area.table.entryOffset(of: PageNumber(5)))
        let entry = PageEntry(pair: fixture.arena.loadPair(at: offset))
        let old = try #require(entry.handle)
        let new = PoolHandle(packed: old.rawValue + 1)
        let owner = ObjectOwner(area: area.slot, page: PageNumber(5))
        let movers = fixture.store.movers
        #expect(!movers[2].move(owner: owner, from: old, to: new), "another pool's handle")
        #expect(!movers[1].move(owner: owner, from: new, to: old), "a handle without an owner")
        let neighbour = ObjectOwner(area: area.slot, page: PageNumber(6))
        #expect(!movers[1].move(owner: neighbour, from: old, to: new), "an empty page")
        let far = ObjectOwner(area: area.slot, page: PageNumber(1 << 30))
        #expect(!movers[1].move(owner: far, from: old, to: new), "a page without a leaf")
        let unknown = ObjectOwner(area: 99, page: PageNumber(5))
        #expect(!movers[1].move(owner: unknown, from: old, to: new), "an area that is none")
        #expect(PageEntry(pair: fixture.arena.loadPair(at: offset)) == entry)
        #expect(movers[1].move(owner: owner, from: old, to: new))
        #expect(PageEntry(pair: fixture.arena.loadPair(at: offset)) == entry.moved(to: new))
        #expect(movers[1].move(owner: owner, from: new, to: old))
    }

    @Test func zbudHasNothingToMove() throws {
        let fixture = try TestStore(zpool: "zbud")
        let area = try fixture.makeArea()
        for page in 0..<100 as Range<UInt64> {
            try fixture.write(PageContent.compressible(page), to: area, page: page)
        }
        #expect(fixture.maintenance.compactOnRequest() == 0)
        #expect(fixture.store.statistics.compactedFrames == 0)
    }
}
