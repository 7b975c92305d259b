import Backing
import LinuxSystem
import TestSupport
import Testing
import ZswapCore

@testable import Maintenance
@testable import SwapStore

/// The limit with a backing store: pages are taken beyond it, as room is made.
@Suite struct WriteBackLimitTests {
    /// Three times what the pools may take, and again, by the real thread.
    @Test(arguments: Zpools.names) func threeTimesTheLimitIsTaken(zpool: String) throws {
        let rig = try WriteBackRig(
            zpool: zpool, limitByteCount: 4 << 20, deviceByteCount: 48 << 20, runsThread: true)
        var content: [UInt64: UInt64] = [:]
        var random = SplitMix64(seed: 3)
        for step in 0..<12_000 as Range<UInt64> {
            let page = step < 6000 ? step : random.next() % 6000
            try rig.fixture.write(Self.page(step), to: rig.area, page: page)
            content[page] = step
            guard step % 7 == 0 else { continue }
            let other = random.next() % min(step + 1, 6000)
            guard let version = content[other] else { continue }
            #expect(try rig.fixture.read(rig.area, page: other) == Self.page(version))
        }
        let statistics = rig.store.statistics
        #expect(statistics.rejects == 0 && statistics.failedWrites == 0)
        #expect(statistics.pages.storedByteCount < 4 << 20)
        #expect(statistics.writtenBackPages > 3000)
        for (page, version) in content {
            #expect(try rig.fixture.read(rig.area, page: page) == Self.page(version))
        }
        #expect(rig.store.statistics.checksumFail == 0)
        let backing = try #require(rig.store.backings.first)
        #expect(
            backing.meanWriteByteCount >= 256 << 10,
            "\(backing.statistics.writeCount) writes, \(backing.meanWriteByteCount) bytes each")
    }

    private static func page(_ seed: UInt64) -> [UInt8] {
        seed % 3 == 0 ? PageContent.incompressible(seed) : PageContent.compressible(seed)
    }

    @Test func pagesAreRefusedWhenNoneMayLeave() throws {
        // A pool that may take nothing makes no room, backing store or not.
        let rig = try WriteBackRig(runsThread: true) { $0.maxPoolPercent = 0 }
        #expect(throws: StoreError.poolFull) {
            try rig.fixture.write(PageContent.compressible(1), to: rig.area, page: 1)
        }
        try rig.fixture.write([UInt8](repeating: 7, count: 4096), to: rig.area, page: 2)
        #expect(rig.store.statistics.rejectReclaimFail == 1)
    }

    @Test func theShrinkerKeepsThePoolsBelowTheAcceptLine() throws {
        let rig = try WriteBackRig(limitByteCount: 4 << 20) { $0.acceptThresholdPercent = 50 }
        for page in 0..<800 as Range<UInt64> {
            try rig.fixture.write(PageContent.incompressible(page), to: rig.area, page: page)
        }
        rig.work()
        #expect(rig.pages.backedPageCount == 0, "it shrinks only when asked")
        rig.store.update { $0.shrinksInBackground = true }
        rig.work()
        #expect(rig.store.poolFrameCount <= 512)
        #expect((288...450).contains(rig.pages.backedPageCount))
        #expect(rig.store.statistics.poolLimitHits == 0)
        for page in 0..<800 as Range<UInt64> {
            #expect(
                try rig.fixture.read(rig.area, page: page) == PageContent.incompressible(page))
        }
    }

    @Test func roomIsMadeDownToTheAcceptLine() throws {
        let rig = try WriteBackRig(limitByteCount: 8 << 20) { $0.acceptThresholdPercent = 60 }
        for page in 0..<2048 as Range<UInt64> {
            try rig.fixture.write(PageContent.incompressible(page), to: rig.area, page: page)
        }
        // No room is made as long as no thread runs.
        #expect(throws: StoreError.poolFull) {
            try rig.fixture.write(PageContent.incompressible(9999), to: rig.area, page: 9999)
        }
        rig.work()
        let line = 2048 * 60 / 100
        #expect((line - 256...line).contains(rig.store.poolFrameCount))
        #expect(rig.store.statistics.poolLimitHits == 1)
        try rig.fixture.write(PageContent.incompressible(9999), to: rig.area, page: 9999)
        rig.expectBalance()
    }

    @Test func pagesPassThroughWhenNothingIsCompressed() throws {
        let rig = try WriteBackRig(runsThread: true)
        try rig.fill(0..<100)
        rig.store.update { $0.isEnabled = false }
        try rig.fill(100..<600)
        #expect(Patience.wait(milliseconds: 10_000) { rig.backed(100..<600).count == 437 })
        #expect(rig.backed(0..<100).isEmpty, "earlier pages stay")
        #expect(rig.entry(102).byteCount == 4096, "a page was compressed")
        try rig.expect(0..<600)
        rig.store.update {
            $0.isEnabled = true
            $0.takesOtherPages = false
        }
        try rig.fill(600..<700)
        #expect(Patience.wait(milliseconds: 10_000) { rig.backed(600..<700).count == 88 })
        try rig.expect(0..<700)
        // Without a backing store they are refused, as before.
        try rig.store.setBacking(path: nil)
        #expect(throws: StoreError.sameFilledOnly) { try rig.fill(702..<703) }
        rig.store.update { $0.isEnabled = false }
        #expect(throws: StoreError.disabled) { try rig.fill(702..<703) }
        try rig.expect(0..<700)
    }

    @Test func theBudgetIsKept() throws {
        let rig = try WriteBackRig { $0.writeBackBlockCountPerDay = 100 }
        try rig.fill(0..<1000)
        try rig.writeBack(.all)
        rig.turn()
        func written() -> Int { rig.device.writes.map(\.byteCount).reduce(0, +) >> 12 }
        #expect((90...100).contains(written()))
        #expect(rig.maintenance.writeBackBlockCountToday == written())
        #expect(rig.maintenance.writeBackJob?.progress == .stopped)
        rig.work(turnCountMax: 5)
        #expect(written() <= 100)
        rig.store.clock.add(seconds: 24 * 60 * 60)
        try rig.writeBack(.all)
        #expect((190...200).contains(written()))
        rig.store.update { $0.writeBackBlockCountPerDay = nil }
        try rig.writeBack(.all)
        #expect(rig.pages.backedPageCount == 875)
        try rig.expect(0..<1000)
    }
}
