import Arena
import PoolTesting
import TestSupport
import Testing
import ZPool
import ZswapCore

/// zsmalloc's density and preferences, each by an example in numbers.
@Suite struct ZsmallocTests {
    private func makeRig(chainLength: Int = 8) throws -> PoolRig {
        try PoolRig(ZsmallocDriver(), chainLength: chainLength)
    }

    /// Payload, how many, frames they occupy.
    @Test(arguments: [
        (3624, 9, 8), (3624, 10, 16), (1352, 3, 1), (1416, 23, 8), (40, 256, 3), (40, 257, 6),
        (2040, 2, 1), (24, 128, 1), (24, 129, 2), (4096, 5, 5), (3625, 2, 2),
    ])
    func equalObjectsFillTheirZspages(byteCount: Int, count: Int, frames: Int) throws {
        let rig = try makeRig()
        for page in 0..<count { try rig.store(page, byteCount: byteCount, seed: UInt64(page)) }
        #expect(rig.pool.totalByteCount == frames * 4096)
        for page in 0..<count { try rig.verify(page) }
    }

    @Test func aHalfFullZspageIsPreferredToANewOne() throws {
        let rig = try makeRig()
        let pages = try (0..<4).map { try rig.store($0, byteCount: 2000, seed: UInt64($0)) }
        #expect(rig.pool.totalByteCount == 2 * 4096)
        let freed = frame(of: pages[1], rig)
        try rig.discard(1)
        let new = try rig.store(9, byteCount: 2000, seed: 9)
        #expect(frame(of: new, rig) == freed)
        #expect(rig.pool.totalByteCount == 2 * 4096)
    }

    @Test func theFullestZspageIsPreferred() throws {
        let rig = try makeRig()
        // Class 32: two frames of 128; 13 of 128 stay in one, 77 of 128 in the other.
        let first = try rig.store(0, byteCount: 24, seed: 0)
        for page in 1..<256 { try rig.store(page, byteCount: 24, seed: UInt64(page)) }
        #expect(rig.pool.totalByteCount == 2 * 4096)
        for page in 0..<115 { try rig.discard(page) }
        for page in 128..<179 { try rig.discard(page) }
        #expect(groups(size: 32, rig) == ["20%": 1, "70%": 1])
        let new = try rig.store(300, byteCount: 24, seed: 300)
        #expect(frame(of: new, rig) != frame(of: first, rig))
        // And the other way round, so that it is not the order of filing that decided.
        for page in 179..<256 { try rig.discard(page) }
        #expect(groups(size: 32, rig) == ["10%": 1, "20%": 1])
        let next = try rig.store(301, byteCount: 24, seed: 301)
        #expect(frame(of: next, rig) == frame(of: first, rig))
    }

    @Test func groupsRoundAsTheKernels() throws {
        let rig = try makeRig()
        try rig.store(0, byteCount: 24, seed: 0)
        #expect(groups(size: 32, rig) == ["10%": 1])
        for page in 1..<13 { try rig.store(page, byteCount: 24, seed: 0) }
        #expect(groups(size: 32, rig) == ["20%": 1])
        for page in 13..<127 { try rig.store(page, byteCount: 24, seed: 0) }
        #expect(groups(size: 32, rig) == ["99%": 1])
        try rig.store(127, byteCount: 24, seed: 0)
        #expect(groups(size: 32, rig) == ["100%": 1])
        // Exactly a tenth: class 2864 has ten slots.
        try rig.store(200, byteCount: 2856, seed: 0)
        #expect(groups(size: 2864, rig) == ["20%": 1])
    }

    @Test func aZspageGoesWithItsLastObject() throws {
        let rig = try makeRig()
        for page in 0..<9 { try rig.store(page, byteCount: 3624, seed: 1) }
        for page in 0..<8 { try rig.discard(page) }
        #expect(rig.pool.totalByteCount == 8 * 4096)
        try rig.discard(8)
        #expect(rig.pool.totalByteCount == 0)
    }

    @Test func aHugeObjectUsesEveryByteAndHasAnOwner() throws {
        let rig = try makeRig()
        for page in 0..<3 { try rig.store(page, byteCount: 4096, seed: UInt64(page)) }
        #expect(rig.pool.totalByteCount == 3 * 4096)
        for page in 0..<3 {
            try rig.verify(page)
            let handle = try #require(rig.table[PoolRig.owner(page)]).handle
            #expect(rig.pool.offset(of: handle).rawValue % 4096 == 0)
        }
        #expect(throws: ZpoolError.tooLarge) { _ = try rig.pool.malloc(4097) }
    }

    @Test func aChainLengthOutOfRangeIsRefused() throws {
        let arena = try Arena(PoolRig.smallArena)
        for chainLength in [0, 3, 17] {
            var configuration = PoolConfiguration()
            configuration.chainLength = chainLength
            #expect(throws: ZpoolError.invalidArgument) {
                _ = try ZpoolRegistry.standard().makeZpool(
                    type: "zsmalloc", in: arena, configuration: configuration)
            }
        }
    }

    private func frame(of handle: PoolHandle, _ rig: PoolRig) -> Int {
        rig.pool.offset(of: handle).rawValue / 4096
    }

    /// The columns of a class's zspages that are not 0.
    private func groups(size: Int, _ rig: PoolRig) -> [String: Int] {
        let report = rig.pool.report
        guard let row = report.rows.first(where: { $0[1] == "\(size)" }) else { return [:] }
        var groups: [String: Int] = [:]
        for (column, value) in zip(report.columns, row) where column.hasSuffix("%") {
            if let count = Int(value), count > 0 { groups[column] = count }
        }
        return groups
    }
}
