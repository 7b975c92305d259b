import PoolTesting
import TestSupport
import Testing
import ZPool
import ZswapCore

/// Keeping frames in order of age, in the drivers that do so only when asked: which frames go
/// first when that is switched while objects are stored.
@Suite struct AgeOrderTests {
    static let chunked = drivers.filter { $0.description != "zsmalloc" }

    /// A pool that keeps no order yet, with one object in each of its frames.
    private func makeRig(_ driver: DriverUnderTest, _ byteCounts: [Int]) throws -> PoolRig {
        let rig = try PoolRig(driver.driver)
        rig.pool.keepLRU(false)
        for (page, byteCount) in byteCounts.enumerated() {
            try rig.store(page, byteCount: byteCount, seed: UInt64(page))
        }
        #expect(rig.pool.totalByteCount == byteCounts.count * Page.byteCount)
        rig.pool.checkInvariants()
        return rig
    }

    /// Frees `frameCount` frames, and returns the pages that the pool asked to evict.
    private func shrink(_ rig: PoolRig, by frameCount: Int = 1) -> [UInt64] {
        #expect(
            rig.pool.shrink(pageCount: frameCount)
                == ShrinkResult(reclaimedPageCount: frameCount, error: nil))
        rig.pool.checkInvariants()
        return rig.table.takeEvicted().map(\.owner.page.rawValue)
    }

    @Test(arguments: chunked)
    func olderFramesGoBeforeThoseAllocatedIntoSince(driver: DriverUnderTest) throws {
        let rig = try makeRig(driver, [2000, 2000, 2000])
        rig.pool.keepLRU(true)
        // 3200 bytes take 50 chunks, so that nothing later fits beside.
        try rig.store(3, byteCount: 3200, seed: 3)
        try rig.store(4, byteCount: 2000, seed: 4)
        rig.pool.checkInvariants()
        #expect(shrink(rig, by: 5) == [0, 1, 2, 3, 4])
    }

    @Test(arguments: chunked)
    func ofOlderFramesTheFreestGoFirst(driver: DriverUnderTest) throws {
        let rig = try makeRig(driver, [3200, 2000, 3900, 2000])
        rig.pool.keepLRU(true)
        #expect(shrink(rig, by: 4) == [1, 3, 0, 2])
    }

    @Test(arguments: chunked)
    func anAllocationMakesAnOlderFrameTheYoungest(driver: DriverUnderTest) throws {
        let rig = try makeRig(driver, [2000, 3200, 2000])
        rig.pool.keepLRU(true)
        // 12 chunks fit into the 13 beside page 1.
        try rig.store(3, byteCount: 12 * 64, seed: 3)
        #expect(rig.pool.totalByteCount == 3 * Page.byteCount)
        #expect(shrink(rig, by: 2) == [0, 2])
        #expect(shrink(rig) == [1, 3])
    }

    /// The object that a free leaves in an older frame stays older than newer frames, and is
    /// evicted after the untouched ones.
    @Test(arguments: chunked)
    func aFreeMakesAnOlderFrameNoYounger(driver: DriverUnderTest) throws {
        let rig = try makeRig(driver, [3200, 3900])
        try rig.store(2, byteCount: 12 * 64, seed: 2)
        rig.pool.keepLRU(true)
        try rig.store(3, byteCount: 3900, seed: 3)
        try rig.discard(2)
        rig.pool.checkInvariants()
        #expect(shrink(rig, by: 3) == [1, 0, 3])
    }

    @Test(arguments: chunked)
    func theOrderStartsAnewAfterItWasNotKept(driver: DriverUnderTest) throws {
        let rig = try PoolRig(driver.driver)
        for (page, byteCount) in [3200, 2000, 3900].enumerated() {
            try rig.store(page, byteCount: byteCount, seed: UInt64(page))
        }
        rig.pool.keepLRU(false)
        rig.pool.checkInvariants()
        rig.pool.keepLRU(true)
        #expect(shrink(rig, by: 3) == [1, 0, 2])
    }

    /// More frames than one step takes.
    @Test(arguments: chunked)
    func manyFramesLeaveTheOrder(driver: DriverUnderTest) throws {
        let rig = try PoolRig(driver.driver)
        for page in 0..<300 { try rig.store(page, byteCount: 2000, seed: UInt64(page)) }
        rig.pool.keepLRU(false)
        rig.pool.checkInvariants()
        for page in 300..<310 { try rig.store(page, byteCount: 3200, seed: UInt64(page)) }
        rig.pool.keepLRU(true)
        rig.pool.checkInvariants()
        try rig.store(310, byteCount: 3200, seed: 310)
        #expect(shrink(rig, by: 300) == Array(0..<300))
        #expect(shrink(rig, by: 11) == Array(300...310))
        #expect(rig.pool.totalByteCount == 0)
    }

    /// Without an order, what stays would be tried again and again: here it is the freest frame.
    @Test(arguments: chunked)
    func shrinkingStartsTheOrder(driver: DriverUnderTest) throws {
        let rig = try makeRig(driver, [2000, 3200, 3200])
        rig.table.keepOnEvict { $0.page.rawValue == 0 }
        #expect(shrink(rig, by: 2) == [0, 1, 2])
        #expect(rig.pool.shrink(pageCount: 1).error == .tryAgain)
        try rig.verify(0)
    }

    @Test func headlessFramesKeepTheirAge() throws {
        let rig = try PoolRig(Z3foldDriver())
        for page in 0..<100 { try rig.store(page, byteCount: 4096, seed: UInt64(page)) }
        rig.pool.keepLRU(false)
        for page in 100..<110 { try rig.store(page, byteCount: 4000, seed: UInt64(page)) }
        try rig.discard(50)
        rig.pool.checkInvariants()
        rig.pool.keepLRU(true)
        try rig.store(110, byteCount: 4000, seed: 110)
        try rig.store(111, byteCount: 2000, seed: 111)
        #expect(shrink(rig, by: 111) == (0...111).filter { $0 != 50 })
        #expect(rig.pool.totalByteCount == 0)
    }

    @Test(arguments: chunked) func destroyingFindsAllFramesInEitherOrder(
        driver: DriverUnderTest
    ) throws {
        for isKept in [false, true] {
            let rig = try PoolRig(driver.driver)
            rig.pool.keepLRU(isKept)
            for page in 0..<200 {
                let byteCount = page * 31 % rig.pool.objectByteCountMax + 1
                try rig.store(page, byteCount: byteCount, seed: UInt64(page))
            }
            rig.table.use(nil)
            rig.pool.destroy()
            #expect(rig.arena.poolFrameCount == 0)
        }
    }
}
