import TestSupport
import Testing
import ZswapCore

@testable import SwapStore

/// Changing the pool while pages live in the old one.
@Suite struct ZpoolSwitchTests {
    private static func fill(_ fixture: TestStore, _ area: Area, _ pages: Range<UInt64>) throws {
        for page in pages {
            try fixture.write(
                page % 4 == 0
                    ? PageContent.incompressible(page) : PageContent.compressible(page),
                to: area, page: page)
        }
    }

    private static func expect(_ fixture: TestStore, _ area: Area, _ pages: Range<UInt64>) throws {
        for page in pages {
            let content =
                page % 4 == 0
                ? PageContent.incompressible(page) : PageContent.compressible(page)
            #expect(try fixture.read(area, page: page) == content, "page \(page)")
        }
    }

    @Test(arguments: Zpools.names.map { ($0, Zpools.next(after: $0)) })
    func theOldPoolDrains(old: String, new: String) throws {
        let fixture = try TestStore(zpool: old)
        let store = fixture.store
        let area = try fixture.makeArea()
        try Self.fill(fixture, area, 0..<100)
        let before = store.statistics.poolByteCount
        try store.setZpool(new)
        try Self.fill(fixture, area, 100..<200)
        #expect(store.pools.map(\.type) == [old, new])
        #expect(store.pools.map(\.isCurrent) == [false, true])
        let rawFrames = (old == "zbud" ? 25 : 0) + (new == "zbud" ? 25 : 0)
        #expect(
            store.statistics.poolByteCount
                == store.pools.map(\.byteCount).reduce(rawFrames * 4096, +))
        #expect(store.statistics.poolByteCount > before)
        try Self.expect(fixture, area, 0..<200)
        #expect(store.releaseDrained())

        // Overwriting moves pages over; discarding and truncating let them go.
        try Self.fill(fixture, area, 0..<50)
        try store.discard(area, at: 50 << 12, byteCount: 49 << 12, by: fixture.worker)
        #expect(store.releaseDrained() && store.pools.count == 2)
        try Self.fill(fixture, area, 99..<100)
        while store.releaseDrained() {}
        #expect(store.pools.map(\.type) == [new])
        #expect(store.pools.map(\.generation) == [2])
        try Self.expect(fixture, area, 0..<50)
        try Self.expect(fixture, area, 99..<200)
    }

    @Test func aDrainingPoolIsUsedAgain() throws {
        let fixture = try TestStore()
        let area = try fixture.makeArea()
        try Self.fill(fixture, area, 0..<10)
        for _ in 0..<300 {
            try fixture.store.setZpool("zbud")
            try Self.fill(fixture, area, 10..<12)
            try fixture.store.setZpool("zsmalloc")
        }
        #expect(fixture.store.pools.map(\.generation) == [1, 2])
        try Self.expect(fixture, area, 0..<12)
    }

    @Test func generationsAreUsedAgainOnceTheirPoolIsGone() throws {
        let fixture = try TestStore()
        let area = try fixture.makeArea()
        for round in 0..<20 as Range<UInt64> {
            try fixture.store.setZpool(round % 2 == 0 ? "zbud" : "zsmalloc")
            try Self.fill(fixture, area, 0..<20)
            while fixture.store.releaseDrained() {}
            #expect(fixture.store.pools.count == 1)
            try Self.expect(fixture, area, 0..<20)
        }
        #expect(fixture.store.pools.map(\.generation).allSatisfy { $0 <= 2 })
    }

    @Test func aGenerationIsNotUsedAgainWhileAnOldStateNamesIt() throws {
        let fixture = try TestStore()
        let store = fixture.store
        let area = try fixture.makeArea()
        let other = try #require(store.makeWorker())
        try store.setZpool("zbud")
        store.begin(other)
        #expect(other.state.pools[1]?.withPool { $0.type } == "zsmalloc")
        store.releaseDrained()
        #expect(store.pools.map(\.generation) == [2])
        try store.setZpool("zsmalloc")
        try Self.fill(fixture, area, 1..<2)
        #expect(store.pools.map(\.generation) == [2, 3])
        // The old state's holder meets the new pool's page, and finds its pool.
        var page = [UInt8](repeating: 0, count: Page.byteCount)
        var span = page.mutableSpan
        var target = span.mutableBytes
        try store.load(PageNumber(1), of: area, into: &target, for: .reading, by: other)
        #expect(page == PageContent.compressible(1))
        store.discardPages(PageNumber(0), PageNumber(512), of: area, other)
        store.end(other)
        while store.releaseDrained() {}
        try store.setZpool("zbud")
        #expect(store.pools.map(\.generation) == [1, 3])
        store.removeWorker(other)
    }

    @Test func anotherChainIsAnotherPool() throws {
        let fixture = try TestStore()
        let store = fixture.store
        let area = try fixture.makeArea()
        try Self.fill(fixture, area, 0..<40)
        for (round, chain) in [16, 4, 16, 8, 8].enumerated() {
            try store.setChainLength(chain)
            #expect(store.chainLength == chain)
            let page = 40 + UInt64(round) * 10
            try Self.fill(fixture, area, page..<page + 10)
        }
        #expect(store.pools.map(\.chainLength) == [8, 16, 4])
        #expect(store.pools.map(\.isCurrent) == [true, false, false])
        for pool in store.pools { pool.checkInvariants() }
        try Self.expect(fixture, area, 0..<90)
        // What drains goes, and only that.
        try Self.fill(fixture, area, 40..<70)
        while store.releaseDrained(), store.pools.count > 1 {}
        #expect(store.pools.map(\.chainLength) == [8])
        try Self.expect(fixture, area, 0..<90)
    }

    @Test(arguments: ["zbud", "z3fold"]) func aChainConcernsDriversThatHeedIt(zpool: String) throws
    {
        let fixture = try TestStore(zpool: zpool)
        let store = fixture.store
        let area = try fixture.makeArea()
        try Self.fill(fixture, area, 0..<10)
        try store.setChainLength(5)
        #expect(store.pools.map(\.generation) == [1])
        #expect(store.pools.map(\.chainLength) == [nil])
        try store.setZpool("zsmalloc")
        #expect(store.pools.map(\.chainLength) == [nil, 5])
        try Self.fill(fixture, area, 10..<20)
        try store.setChainLength(6)
        // The same pool again, whatever the chain is.
        try store.setZpool(zpool)
        #expect(store.pools.first { $0.isCurrent }?.generation == 1)
        try Self.expect(fixture, area, 0..<20)
    }

    @Test func aPoolThatCannotBeMadeLeavesTheChainAsItWas() throws {
        let fixture = try TestStore(zpool: "zbud")
        let store = fixture.store
        try store.setChainLength(4)
        #expect(throws: SettingError.unknownZpool("zblock")) { try store.setZpool("zblock") }
        #expect(store.chainLength == 4 && store.zpoolType == "zbud")
    }

    @Test func anUnknownPoolChangesNothing() throws {
        let fixture = try TestStore()
        #expect(throws: SettingError.unknownZpool("zblock")) {
            try fixture.store.setZpool("zblock")
        }
        #expect(throws: SettingError.unknownCompressor("zip")) {
            try fixture.store.setCompressor("zip")
        }
        #expect(fixture.store.zpoolType == "zsmalloc" && fixture.store.compressorName == "lz4")
        #expect(fixture.store.pools.count == 1)
        try fixture.store.setZpool("zsmalloc")
        #expect(fixture.store.pools.count == 1)
    }

    @Test func aStoreOfAnUnknownPoolIsNotMade() throws {
        #expect(throws: SettingError.unknownZpool("zblock")) { try TestStore(zpool: "zblock") }
    }

    @Test func aPoolWaitsForTheRequestThatMayStillUseIt() throws {
        let fixture = try TestStore()
        let store = fixture.store
        let other = try #require(store.makeWorker())
        store.begin(other)
        try store.setZpool("zbud")
        #expect(store.releaseDrained())
        #expect(store.releaseDrained())
        #expect(store.pools.count == 2, "a pool left under a request that may store into it")
        store.end(other)
        while store.releaseDrained() {}
        #expect(store.pools.count == 1)
        store.removeWorker(other)
    }
}
