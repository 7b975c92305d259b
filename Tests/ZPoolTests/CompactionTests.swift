import Arena
import PoolTesting
import Synchronization
import TestSupport
import Testing
import ZPool
import ZswapCore

/// Compaction: the frames that it frees, keeps and leaves alone.
@Suite struct CompactionTests {
    private func makeRig() throws -> PoolRig { try PoolRig(ZsmallocDriver()) }

    private func cell(_ column: String, size: Int, _ rig: PoolRig) throws -> Int {
        let report = rig.pool.report
        let index = try #require(report.columns.firstIndex(of: column))
        let row = try #require(report.rows.first { $0[1] == "\(size)" })
        return try #require(Int(row[index]))
    }

    /// Class 2048, two slots a frame: ten objects in five frames, one gone from each of four.
    private func makeExample() throws -> PoolRig {
        let rig = try makeRig()
        for page in 0..<10 { try rig.store(page, byteCount: 2000, seed: UInt64(page)) }
        for page in [1, 3, 5, 7] { try rig.discard(page) }
        return rig
    }

    @Test func theWorkedExample() throws {
        let rig = try makeExample()
        #expect(try cell("obj_allocated", size: 2048, rig) == 10)
        #expect(try cell("obj_used", size: 2048, rig) == 6)
        #expect(try cell("pages_used", size: 2048, rig) == 5)
        #expect(try cell("freeable", size: 2048, rig) == 2)
        #expect(rig.pool.compact() == 2)
        #expect(rig.pool.totalByteCount == 3 * 4096)
        #expect(try cell("freeable", size: 2048, rig) == 0)
        for page in [0, 2, 4, 6, 8, 9] { try rig.verify(page) }
        rig.pool.checkInvariants()
        #expect(rig.pool.compactedPageCount == 2)
        #expect(rig.pool.compact() == 0)
        #expect(rig.pool.compactedPageCount == 2)
    }

    @Test func nineFreeSlotsOf3632AreNeeded() throws {
        let rig = try makeRig()
        for page in 0..<27 { try rig.store(page, byteCount: 3624, seed: UInt64(page)) }
        #expect(rig.pool.totalByteCount == 24 * 4096)
        for page in [0, 1, 2, 3, 9, 10, 11, 18] { try rig.discard(page) }
        #expect(rig.pool.compact() == 0)
        try rig.discard(19)
        #expect(rig.pool.compact() == 8)
        #expect(rig.pool.totalByteCount == 16 * 4096)
        rig.pool.checkInvariants()
    }

    @Test func everythingThatCanBeFreedIsFreed() throws {
        let rig = try makeRig()
        var random = SplitMix64(seed: 3)
        for page in 0..<6000 {
            let byteCount = Int.random(in: 1...3624, using: &random)
            try rig.store(page, byteCount: byteCount, seed: UInt64(page))
        }
        for page in 0..<6000 where Int.random(in: 0..<10, using: &random) < 7 {
            try rig.discard(page)
        }
        let column = try #require(rig.pool.report.columns.firstIndex(of: "freeable"))
        let freeable = try #require(rig.pool.report.rows.last.flatMap { Int($0[column]) })
        #expect(freeable > 500)
        #expect(rig.pool.compact() == freeable)
        for (owner, entry) in rig.table.entries {
            try rig.verify(entry)
            #expect(rig.pool.owner(of: entry.handle) == owner)
        }
        rig.pool.checkInvariants()
    }

    @Test func aUserThatNeverAgreesEndsIt() throws {
        let rig = try makeExample()
        rig.table.keepOnMove { _ in true }
        #expect(rig.pool.compact() == 0)
        #expect(rig.pool.totalByteCount == 5 * 4096)
        rig.pool.checkInvariants()
        for page in [0, 2, 4, 6, 8, 9] { try rig.verify(page) }
    }

    @Test func oneObjectThatStaysKeepsOneZspage() throws {
        let rig = try makeRig()
        // Ten zspages of 128, of which every fourth object is left.
        for page in 0..<1280 { try rig.store(page, byteCount: 24, seed: UInt64(page)) }
        for page in 0..<1280 where page % 4 != 0 { try rig.discard(page) }
        rig.table.keepOnMove { $0.page.rawValue == 512 }
        let freed = rig.pool.compact()
        #expect(freed >= 6 && freed <= 7)
        rig.pool.checkInvariants()
        for page in stride(from: 0, to: 1280, by: 4) { try rig.verify(page) }
    }

    @Test func withoutAUserNothingMoves() throws {
        let arena = try Arena(PoolRig.smallArena)
        let pool = try ZpoolRegistry.standard().makeZpool(type: "zsmalloc", in: arena)
        let handles = try (0..<10).map { _ in try pool.malloc(2000) }
        for (index, handle) in handles.enumerated() {
            pool.setOwner(PoolRig.owner(index), of: handle)
        }
        for index in [1, 3, 5, 7] { pool.free(handles[index]) }
        #expect(pool.compact() == 0)
        #expect(pool.totalByteCount == 5 * 4096)
    }

    /// A second compactor, started while the first one moves an object, returns at once.
    @Test func onlyOneCompactsAtATime() throws {
        let arena = try Arena(PoolRig.smallArena)
        let user = ReentrantUser()
        let pool = try ZpoolRegistry.standard().makeZpool(type: "zsmalloc", in: arena, user: user)
        user.pool.withLock { $0 = pool }
        let handles = try (0..<4).map { _ in try pool.malloc(2000) }
        for (index, handle) in handles.enumerated() {
            pool.setOwner(PoolRig.owner(index), of: handle)
        }
        pool.free(handles[0])
        pool.free(handles[2])
        #expect(pool.compact() == 1)
        #expect(user.second.withLock { $0 } == 0)
        user.pool.withLock { $0 = nil }
    }

    private final class ReentrantUser: PoolUser {
        let pool = Mutex<Zpool?>(nil)
        let second = Mutex<Int?>(nil)

        func evict(_ handle: PoolHandle, owner: ObjectOwner) -> Bool { false }
        func move(owner: ObjectOwner, from old: PoolHandle, to new: PoolHandle) -> Bool {
            let result = pool.withLock { $0 }?.compact()
            second.withLock { $0 = result }
            return true
        }
    }
}
