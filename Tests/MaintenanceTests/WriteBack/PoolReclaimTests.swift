import Backing
import TestSupport
import Testing
import ZswapCore

@testable import Maintenance
@testable import SwapStore

/// Pages that leave in the pool's order: the pool shrinks, and the store answers its evictions.
@Suite struct PoolReclaimTests {
    /// More pages than fit 4 MiB of any pool.
    private static let pageCount: UInt64 = 3000

    /// A pool that is full of compressible pages, stored in order; those of the second half were
    /// loaded since.
    private static func fullRig(
        _ zpool: String, _ order: ReclaimOrder, change: (inout Tunables) -> Void = { _ in }
    ) throws -> (rig: WriteBackRig, pages: Range<UInt64>) {
        let rig = try WriteBackRig(zpool: zpool, limitByteCount: 4 << 20) {
            $0.acceptThresholdPercent = 70
            $0.reclaim = order
            change(&$0)
        }
        var count: UInt64 = 0
        while count < pageCount {
            do throws(StoreError) {
                try rig.fixture.write(
                    PageContent.compressible(count), to: rig.area, page: count)
            } catch {
                break
            }
            count += 1
        }
        rig.store.clock.add(seconds: 60)
        for page in count / 2..<count { _ = try rig.fixture.read(rig.area, page: page) }
        return (rig, 0..<count)
    }

    private static func expectAll(_ rig: WriteBackRig, _ pages: Range<UInt64>) throws {
        for page in pages {
            #expect(
                try rig.fixture.read(rig.area, page: page) == PageContent.compressible(page),
                "page \(page)")
        }
        rig.expectBalance()
    }

    @Test(arguments: Zpools.names) func theOldestFramesGoFirst(zpool: String) throws {
        let (rig, pages) = try Self.fullRig(zpool, .pool)
        #expect(pages.count < Self.pageCount)
        rig.work()
        let line = (4 << 20) / Page.byteCount * 70 / 100
        #expect(rig.store.poolFrameCount <= line)
        let backed = rig.backed(pages)
        // A size class's frames are as old as their youngest page, so not in strict order.
        let old = backed.count { $0 < pages.upperBound / 2 }
        #expect(backed.count > 100 && old * 10 >= backed.count * 9, "\(old) of \(backed.count)")
        #expect(rig.store.statistics.writtenBackPages == backed.count)
        try Self.expectAll(rig, pages)
        try rig.expectEmptyAfterDiscard()
    }

    /// The control of the test above: by the store's order, less than a tenth of the evicted pages
    /// are of the older half.
    @Test(arguments: Zpools.names) func theStoresOrderIsAnother(zpool: String) throws {
        let (rig, pages) = try Self.fullRig(zpool, .store)
        rig.work()
        let backed = rig.backed(pages)
        let old = backed.count { $0 < pages.upperBound / 2 }
        #expect(backed.count > 100 && old * 10 < backed.count, "\(old) of \(backed.count)")
        try Self.expectAll(rig, pages)
    }

    /// Three times what the pools may take, by the real thread, beside requests.
    @Test(arguments: Zpools.names) func moreThanTheLimitIsTaken(zpool: String) throws {
        let rig = try WriteBackRig(
            zpool: zpool, limitByteCount: 4 << 20, deviceByteCount: 64 << 20, runsThread: true
        ) { $0.reclaim = .pool }
        var random = SplitMix64(seed: 9)
        var content: [UInt64: UInt64] = [:]
        for step in 0..<8000 as Range<UInt64> {
            let page = step < 4000 ? step : random.next() % 4000
            try rig.fixture.write(Self.page(step), to: rig.area, page: page)
            content[page] = step
        }
        #expect(rig.store.statistics.rejects == 0)
        #expect(rig.store.statistics.writtenBackPages > 1000)
        for (page, version) in content {
            #expect(try rig.fixture.read(rig.area, page: page) == Self.page(version))
        }
        #expect(rig.store.statistics.checksumFail == 0)
    }

    /// Some incompressible ones, which are in no pool: the store's order takes them.
    private static func page(_ seed: UInt64) -> [UInt8] {
        seed % 5 == 0 ? PageContent.incompressible(seed) : PageContent.compressible(seed)
    }

    @Test(arguments: Zpools.names) func whatMayNotLeaveStays(zpool: String) throws {
        let (rig, pages) = try Self.fullRig(zpool, .pool)
        let name = try #require(rig.store.areas.first?.name)
        try rig.store.updateSettings(ofAreaNamed: name) { $0.allowsWriteBack = false }
        rig.work()
        #expect(rig.backed(pages).isEmpty)
        try Self.expectAll(rig, pages)
        try rig.store.updateSettings(ofAreaNamed: name) { $0.allowsWriteBack = nil }
        rig.store.roomRequests.noteProgress()
        rig.work()
        #expect(!rig.backed(pages).isEmpty)
        try Self.expectAll(rig, pages)
    }

    @Test(arguments: Zpools.names) func theBudgetOfTheDayIsKept(zpool: String) throws {
        let (rig, pages) = try Self.fullRig(zpool, .pool) { $0.writeBackBlockCountPerDay = 100 }
        rig.work()
        let backed = rig.backed(pages)
        let written = rig.device.writes.map(\.byteCount).reduce(0, +)
        #expect(!backed.isEmpty && written <= 100 * Page.byteCount, "\(written)")
        try Self.expectAll(rig, pages)
    }

    @Test(arguments: Zpools.names) func aDeviceThatFailsTakesNothing(zpool: String) throws {
        let (rig, pages) = try Self.fullRig(zpool, .pool)
        var failing = FaultyBacking.Plan()
        failing.failingWrites = Set(1...1000)
        rig.device.set(failing)
        rig.work()
        #expect(rig.backed(pages).isEmpty)
        #expect(rig.store.statistics.backingStoreFail > 0)
        rig.device.set(FaultyBacking.Plan())
        try Self.expectAll(rig, pages)
    }
}
