import Arena
import Backing
import Glibc
import TestSupport
import Testing
import ZswapCore

@testable import Maintenance
@testable import SwapStore

/// Backing stores that fail: no page is lost, none is wrong, and the failure is reported.
@Suite struct WriteBackFaultTests {
    static let failures: [FaultyBacking.Plan] = {
        var failing = FaultyBacking.Plan()
        failing.failingWrites = [2]
        var halfway = failing
        halfway.failsHalfway = true
        var full = FaultyBacking.Plan()
        full.byteCountWritable = 600 << 10
        var gone = FaultyBacking.Plan()
        gone.isGone = true
        return [failing, halfway, full, gone]
    }()

    @Test(arguments: failures.indices) func failedWritesLeavePagesInMemory(index: Int) throws {
        let rig = try WriteBackRig()
        try rig.fill(0..<2000)
        rig.turn()
        rig.device.set(Self.failures[index])
        try rig.maintenance.startWriteBack(.all)
        rig.work(turnCountMax: 50)
        #expect(rig.maintenance.writeBackJob?.progress == .stopped)
        #expect(rig.store.statistics.backingStoreFail > 0)
        let obstacle = try #require(rig.obstacle)
        #expect(obstacle.contains(index == 2 ? "ENOSPC" : "EIO"))
        rig.expectBalance()
        // Pages in memory are read there; pages on the device are readable once it works again.
        rig.device.set(FaultyBacking.Plan())
        try rig.expect(0..<2000)
        // It goes on when it is asked to.
        rig.work(turnCountMax: 5)
        #expect(rig.pages.backedPageCount < 1700)
        try rig.store.setBacking(path: rig.device.path)
        try rig.writeBack(.all)
        #expect(rig.maintenance.writeBackJob?.progress == .done)
        #expect(rig.pages.backedPageCount == 1750)
        try rig.expect(0..<2000)
        rig.expectBalance()
        try rig.expectEmptyAfterDiscard()
    }

    @Test func aVanishedDeviceGivesErrorsAndNothingElse() throws {
        let rig = try WriteBackRig()
        try rig.fill(0..<100)
        try rig.writeBack(.huge)
        rig.device.setGone(true)
        for page in 0..<100 as Range<UInt64> {
            let isBacked = page % 4 == 0
            let read = Result { () throws(StoreError) in
                try rig.fixture.read(rig.area, page: page)
            }
            switch read {
            case .failure(let error): #expect(isBacked && error == .backingFailed)
            case .success(let bytes):
                #expect(!isBacked && bytes == WriteBackRig.content(page))
            }
        }
        #expect(rig.store.statistics.backingLoadFail == 25)
        #expect(rig.store.statistics.failedReads == 25)
        #expect(rig.store.statistics.checksumFail == 0)
        // A part can't be patched, a whole page can be written, and discarding always works.
        #expect(throws: StoreError.backingFailed) {
            try rig.fixture.write([1], to: rig.area, at: 8 << 12 + 5)
        }
        try rig.fixture.write(PageContent.compressible(5), to: rig.area, page: 8)
        #expect(try rig.fixture.read(rig.area, page: 8) == PageContent.compressible(5))
        rig.expectBalance()
        try rig.expectEmptyAfterDiscard()
    }

    @Test(arguments: [1, 2, 3] as [UInt64]) func changedBytesAreNoPage(seed: UInt64) throws {
        let rig = try WriteBackRig()
        try rig.fill(0..<400)
        try rig.writeBack(.all)
        var random = SplitMix64(seed: seed)
        for _ in 0..<300 {
            let noise = (0..<64).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            rig.device.overwrite(noise, at: Int(random.next() % (900 << 10)))
        }
        var wrong = 0
        for page in 0..<400 as Range<UInt64> {
            let read = Result { () throws(StoreError) in
                try rig.fixture.read(rig.area, page: page)
            }
            switch read {
            case .failure(let error):
                #expect(error == .corrupted)
                wrong += 1
            case .success(let bytes):
                #expect(bytes == WriteBackRig.content(page), "seed \(seed), page \(page)")
            }
        }
        #expect(wrong > 20)
        let statistics = rig.store.statistics
        #expect(statistics.checksumFail + statistics.decompressFail == wrong)
        // Cleaning meets garbage too.
        rig.expectBalance()
        try rig.expectEmptyAfterDiscard()
    }

    /// Pages that were to pass through and could not go when there is a place for them again.
    @Test func whatCouldNotPassGoesLater() throws {
        let rig = try WriteBackRig()
        rig.turn()
        rig.store.update { $0.isEnabled = false }
        try rig.fixture.write(PageContent.compressible(1), to: rig.area, page: 1)
        rig.device.setGone(true)
        rig.work(turnCountMax: 5)
        #expect(rig.entry(1).isPassing)
        rig.device.setGone(false)
        try rig.store.setBacking(path: rig.device.path)
        rig.work(turnCountMax: 5)
        #expect(rig.entry(1).kind == .onBacking)
        #expect(try rig.fixture.read(rig.area, page: 1) == PageContent.compressible(1))
        rig.expectBalance()
    }

    /// Pages that were to pass through and no longer may do not hold their pool for ever.
    @Test func whatMayNoLongerPassIsMoved() throws {
        let rig = try WriteBackRig()
        rig.turn()
        rig.store.update { $0.isEnabled = false }
        for page in 0..<9 as Range<UInt64> {
            try rig.fixture.write(WriteBackRig.content(page), to: rig.area, page: page)
        }
        rig.store.update { $0.isEnabled = true }
        try rig.store.setZpool("zbud")
        #expect(rig.fixture.migrateNow() == .idle)
        #expect(rig.entry(1).isPassing && rig.store.pools.count == 2)
        try rig.store.updateSettings(ofAreaNamed: "area") { $0.allowsWriteBack = false }
        #expect(rig.fixture.migrateNow() == .idle)
        rig.fixture.releaseDrained()
        #expect(rig.store.pools.map(\.type) == ["zbud"])
        #expect(rig.entry(1).kind == .pooled)
        try rig.expect(0..<9)
        rig.expectBalance()
    }

    /// Damage in memory does not become damage on a disk that looks like a sound page.
    @Test func aDamagedPageDoesNotLeave() throws {
        let rig = try WriteBackRig()
        try rig.fill(0..<40)
        let place = try #require(rig.store.objectOffset(rig.entry(2), rig.fixture.worker))
        rig.fixture.arena.write([UInt8](repeating: 0xa5, count: 64).span.bytes, at: place)
        try rig.writeBack(.all)
        #expect(rig.entry(2).isInMemory)
        #expect(rig.backed(0..<40) == (0..<40 as Range<UInt64>).filter { $0 % 8 != 5 && $0 != 2 })
        #expect(throws: StoreError.corrupted) { try rig.fixture.read(rig.area, page: 2) }
        try rig.expect(3..<40)
        rig.expectBalance()
    }

    @Test func aFullStoreRefusesWhenItsBackingFails() throws {
        let rig = try WriteBackRig(limitByteCount: 1 << 20)
        rig.turn()
        rig.device.setGone(true)
        var taken: UInt64 = 0
        while taken < 2000 {
            do {
                try rig.fixture.write(
                    PageContent.incompressible(taken), to: rig.area, page: taken)
                taken += 1
            } catch StoreError.poolFull {
                break
            }
        }
        #expect(taken == 256)
        let before = rig.store.statistics
        #expect(before.rejectReclaimFail == 1 && before.poolLimitHits == 1)
        rig.work(turnCountMax: 3)
        #expect(throws: StoreError.poolFull) {
            try rig.fixture.write(PageContent.incompressible(1), to: rig.area, page: 5)
        }
        for page in 0..<taken {
            #expect(
                try rig.fixture.read(rig.area, page: page) == PageContent.incompressible(page))
        }
        rig.expectBalance()
    }

    @Test func cleaningThatFailsLosesNothing() throws {
        let rig = try WriteBackRig(deviceByteCount: 4 << 20)
        var random = SplitMix64(seed: 9)
        var content: [UInt64: UInt64] = [:]
        for round in 0..<60 as Range<UInt64> {
            var plan = FaultyBacking.Plan()
            if round % 3 == 1 { plan.failingReads = [1] }
            if round % 3 == 2 { plan.failingWrites = [Int(1 + random.next() % 3)] }
            rig.device.set(plan)
            for _ in 0..<100 {
                let page = random.next() % 600
                let version = random.next()
                try rig.fixture.write(
                    PageContent.incompressible(version), to: rig.area, page: page)
                content[page] = version
            }
            try? rig.store.setBacking(path: rig.device.path)
            rig.turn()
            try? rig.maintenance.startWriteBack(.all)
            rig.work(turnCountMax: 20)
            rig.expectBalance()
        }
        rig.device.set(FaultyBacking.Plan())
        for (page, version) in content {
            #expect(
                try rig.fixture.read(rig.area, page: page) == PageContent.incompressible(version))
        }
        #expect(rig.maintenance.cleanedSegmentCount > 0)
        #expect(rig.device.failureCount > 10)
        try rig.expectEmptyAfterDiscard()
    }
}
