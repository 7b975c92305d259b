import Arena
import Glibc
import TestSupport
import Testing
import ZswapCore

@testable import SwapStore

/// Pages are loaded while the pools of a store that was taken over are not rebuilt yet.
@Suite struct EarlyLoadTests {
    private static let pageCount = 1200

    private static func entryOffset(_ page: Int, _ store: TestStore) throws -> Int {
        let area = try #require(store.store.area(named: "area"))
        return try #require(area.table.entryOffset(of: PageNumber(UInt64(page)))).rawValue
    }

    /// The pages that read as errors; the others are as they were written.
    private static func lostPages(_ store: TestStore) throws -> Set<Int> {
        let area = try #require(store.store.area(slot: 0, by: store.worker))
        var lost: Set<Int> = []
        for page in 0..<pageCount {
            do {
                let bytes = try store.read(area, page: UInt64(page))
                #expect(bytes == anyPage(UInt64(page)), "page \(page)")
            } catch {
                #expect(error == .corrupted)
                lost.insert(page)
            }
        }
        return lost
    }

    @Test(arguments: Zpools.names)
    func pagesAreThereBeforeTheirPools(zpool: String) throws {
        let old = try TestStore.withAnyPages(Self.pageCount, zpool: zpool)
        let memory = try TestStore.memory(leftBy: old.arena)
        let (new, rebuild) = try TestStore.opening(memory, from: old)
        #expect(try Self.lostPages(new) == [])
        #expect(new.arena.usage.poolFrameCount == 0)
        let report = try rebuild.run(threadCount: 3)
        try new.arena.start()
        #expect(report.pageCount == Self.pageCount && report.lostPageCount == 0)
        #expect(new.arena.usage.poolFrameCount == old.arena.usage.poolFrameCount)
        let area = try #require(new.store.area(slot: 0, by: new.worker))
        #expect(area.statistics == old.store.area(named: "area")?.statistics)
        #expect(new.store.pools.map(\.payloadByteCount) == old.store.pools.map(\.payloadByteCount))
        #expect(try Self.lostPages(new) == [])
        try new.write(anyPage(5000), to: area, page: 3)
        #expect(try new.read(area, page: 3) == anyPage(5000))
        for pool in new.store.pools { pool.checkInvariants() }
        try new.store.truncate(area, to: 0, by: new.worker)
        #expect(new.arena.usage.poolFrameCount == 0)
    }

    /// No kind, a generation, a compressor and a place that are not there.
    @Test(arguments: Zpools.names)
    func anEntryThatCannotBeFailsAlone(zpool: String) throws {
        let old = try TestStore.withAnyPages(Self.pageCount, zpool: zpool)
        let memory = try TestStore.memory(leftBy: old.arena)
        let length: UInt64 = 1000 << 16
        let damage: [[UInt64]] = [
            [0, 6], [1 << 10, 1 | 200 << 8 | length], [1 << 10, 1 | 31 << 3 | 1 << 8 | length],
            [1 << 51 - 1, 1 | 1 << 8 | length], [7 << 18, 1 | 1 << 8 | length],
            [1 << 32 - 1, 3 | 4096 << 16], [1 << 12, 4 | 3 << 8 | length], [0, 7],
        ]
        let damaged = damage.indices.map { $0 * 97 + 11 }
        for (page, words) in zip(damaged, damage) {
            try TestStore.overwrite(memory, at: Self.entryOffset(page, old), words)
        }
        let (new, rebuild) = try TestStore.opening(memory, from: old)
        #expect(try Self.lostPages(new) == Set(damaged))
        #expect(try rebuild.run(threadCount: 2).lostPageCount == damaged.count)
        try new.arena.start()
        #expect(try Self.lostPages(new) == Set(damaged))
    }

    /// Of two pages that name one object the first has it, however many threads look.
    @Test(arguments: Zpools.names)
    func threadsAgreeOnWhoHasAnObject(zpool: String) throws {
        let old = try TestStore.withAnyPages(Self.pageCount, zpool: zpool)
        let damaged = try TestStore.memory(leftBy: old.arena)
        let stolen = (0..<80).map { (thief: $0 * 7, owner: Self.pageCount - 1 - $0 * 3) }
        var expected: Set<Int> = []
        for (thief, owner) in stolen {
            let offset = ArenaOffset(try Self.entryOffset(owner, old))
            let entry = PageEntry(pair: old.arena.loadPair(at: offset))
            try TestStore.overwrite(
                damaged, at: Self.entryOffset(thief, old),
                [UInt64(entry.pair.first), UInt64(entry.pair.second)])
            if entry.isInMemory { expected.insert(owner) }
        }
        #expect(expected.count > 20)
        for threadCount in 1...4 {
            let memory = try TestStore.copy(of: damaged)
            let (new, rebuild) = try TestStore.opening(memory, from: old)
            let report = try rebuild.run(threadCount: threadCount)
            try new.arena.start()
            #expect(report.lostPageCount == expected.count)
            let area = try #require(new.store.area(slot: 0, by: new.worker))
            for page in expected {
                #expect(throws: StoreError.corrupted) {
                    try new.read(area, page: UInt64(page))
                }
            }
        }
        close(damaged)
    }
}
