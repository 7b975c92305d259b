import LinuxSystem
import Synchronization
import TestSupport
import Testing
import ZswapCore

@testable import Maintenance
@testable import SwapStore

/// The thread that verifies pages, its pace, and what it does for a store that was taken over.
@Suite(.serialized) struct ScrubberTests {
    private static func filled(_ growsInBackground: Bool = false) throws -> (TestStore, Area) {
        let fixture = try TestStore(growsInBackground: growsInBackground)
        let area = try fixture.makeArea()
        for page in 0..<200 as Range<UInt64> {
            try fixture.write(PageContent.compressible(page), to: area, page: page)
        }
        return (fixture, area)
    }

    /// By a clock of its own: how many pages are looked at in how long.
    @Test(arguments: [1, 10, 99, 800, 12_345, 1_000_000])
    func noMorePagesThanAskedFor(pagesPerSecond: Int) {
        var pace = ScrubPace()
        var random = SplitMix64(seed: UInt64(pagesPerSecond))
        let began: Int64 = 1 << 40
        var (now, worked, pages) = (began, Int64(0), 0)
        for _ in 0..<5000 {
            let count = ScrubPace.stepPageCount(pagesPerSecond: pagesPerSecond)
            // Steps of no page, steps that take long, and rests that last longer than they should.
            let looked = random.next() % 4 == 0 ? 0 : count
            let end = now + Int64(random.next() % (random.next() % 50 == 0 ? 1 << 28 : 1 << 14))
            let due = pace.note(
                pageCount: looked, pagesPerSecond: pagesPerSecond, from: now, to: end)
            worked += end - now
            pages += looked
            #expect(due >= end)
            now = due + (random.next() % 9 == 0 ? Int64(random.next() % (1 << 30)) : 0)
            let allowed = Double(pagesPerSecond) * Double(now - began) / 1e9
            #expect(Double(pages) <= allowed + 1, "\(pages) pages, not \(allowed)")
            #expect(worked * 5 <= now - began)
        }
        #expect(pages > 0)
    }

    @Test func aSlowPaceIsKeptAndAFastOneReached() {
        var pace = ScrubPace()
        // A step of 8 pages at 1000 a second, done in a moment: 8 ms.
        #expect(ScrubPace.stepPageCount(pagesPerSecond: 1000) == 8)
        #expect(pace.note(pageCount: 8, pagesPerSecond: 1000, from: 0, to: 1000) == 8_000_000)
        // Began late: the next 8 ms count from there.
        let begin: Int64 = 50_000_000
        #expect(
            pace.note(pageCount: 8, pagesPerSecond: 1000, from: begin, to: begin + 1000)
                == begin + 8_000_000)
        #expect(ScrubPace.stepPageCount(pagesPerSecond: 1) == 1)
    }

    @Test func itWorksAsLongAsItIsAskedTo() throws {
        let (fixture, area) = try Self.filled(true)
        let (store, maintenance) = (fixture.store, fixture.maintenance)
        let lines = Mutex<[String]>([])
        try maintenance.start(.scrub, onDamage: { line in lines.withLock { $0.append(line) } })
        store.update { $0.scrubPagesPerSecond = 1_000_000 }
        #expect(Patience.wait(milliseconds: 20_000) { maintenance.scrubReport.passCount > 0 })
        #expect(store.statistics.scrubbedPages >= 200)
        let object = try fixture.object(of: 7, in: area)
        for place in object.indices { object[place] ^= 0x5a }
        #expect(Patience.wait(milliseconds: 20_000) { store.statistics.scrubErrors == 1 })
        #expect(throws: StoreError.corrupted) { try fixture.read(area, page: 7) }
        let passCount = maintenance.scrubReport.passCount
        #expect(
            Patience.wait(milliseconds: 20_000) { maintenance.scrubReport.passCount > passCount })
        store.update { $0.scrubPagesPerSecond = 0 }
        #expect(Patience.wait(milliseconds: 20_000) { maintenance.scrubReport.activity == .idle })
        maintenance.stop()
        #expect(lines.withLock { $0.count } == 1)
        #expect(lines.withLock { $0.first }?.hasPrefix("page 7 of area area is damaged") == true)
        for page in 0..<200 as Range<UInt64> where page != 7 {
            #expect(try fixture.read(area, page: page) == PageContent.compressible(page))
        }
    }

    @Test func oneStopIsEnoughAtAnyMoment() throws {
        let (fixture, _) = try Self.filled(true)
        for round in 0..<40 {
            fixture.store.update { $0.scrubPagesPerSecond = [0, 1, 1_000_000][round % 3] }
            try fixture.maintenance.start(.scrub)
            fixture.maintenance.stop(.scrub)
        }
        #expect(fixture.store.statistics.scrubErrors == 0)
    }

    @Test func aTakeOverIsFollowedByOnePass() throws {
        let (old, area) = try Self.filled()
        let object = try old.object(of: 9, in: area)
        for place in object.indices { object[place] ^= 0x5a }
        let new = try TestStore(
            takingOver: try TestStore.memory(leftBy: old.arena), from: old)
        let (store, maintenance) = (new.store, new.maintenance)
        #expect(store.tunables.scrubPagesPerSecond == 0)
        #expect(new.maintenance.scrub.pagesPerSecond == Scrub.takeOverPagesPerSecond)
        try maintenance.start(.scrub)
        #expect(Patience.wait(milliseconds: 20_000) { maintenance.scrubReport.passCount == 1 })
        #expect(
            maintenance.scrubReport.reason == .takeOver && maintenance.scrubReport.pageCount == 200)
        #expect(store.statistics.scrubErrors == 1 && store.statistics.scrubbedPages == 199)
        #expect(new.maintenance.scrub.pagesPerSecond == 0)
        maintenance.stop()
        // Nothing more is done.
        #expect(new.scrubOnce() == [])
        #expect(store.statistics.scrubbedPages == 199)
        let found = try #require(store.area(named: "area"))
        #expect(throws: StoreError.corrupted) { try new.read(found, page: 9) }
        #expect(try new.read(found, page: 10) == PageContent.compressible(10))
        // A successor of this one makes another pass, and counts on.
        let next = try TestStore(takingOver: try TestStore.memory(leftBy: new.arena), from: new)
        #expect(next.recovery?.lostPageCount == 1)
        #expect(next.scrubOnce() == [])
        #expect(next.store.statistics.scrubbedPages == 398)
        #expect(next.store.statistics.scrubErrors == 1)
        #expect(next.maintenance.scrubReport.reason == .takeOver)
    }

    /// A faster pace that is asked for holds for that pass as well, a slower one does not.
    @Test func thePassAfterATakeOverHasItsOwnPace() throws {
        let (old, _) = try Self.filled()
        let new = try TestStore(
            takingOver: try TestStore.memory(leftBy: old.arena), from: old)
        new.store.update { $0.scrubPagesPerSecond = 1 }
        #expect(new.maintenance.scrub.pagesPerSecond == 1000)
        new.store.update { $0.scrubPagesPerSecond = 5000 }
        #expect(new.maintenance.scrub.pagesPerSecond == 5000)
        new.scrubOnce()
        new.store.update { $0.scrubPagesPerSecond = 1 }
        #expect(new.maintenance.scrub.pagesPerSecond == 1)
    }

    /// A page that no codec is there for may be read one day.
    @Test func pagesWithoutACodecAreSkipped() throws {
        let old = try TestStore(compressors: .withTestCompressors())
        let area = try old.makeArea()
        let number = try old.store.compressorNumber("lz4")
        try old.write(PageContent.compressible(1), to: area, page: 1)
        try old.store.setCompressor("inverted")
        try old.write(PageContent.compressible(2), to: area, page: 2)
        old.store.record.setCompressorLevelWord(number, 0)
        let new = try TestStore(
            takingOver: try TestStore.memory(leftBy: old.arena), from: old)
        #expect(new.scrubOnce() == [])
        #expect(new.maintenance.scrubReport.skippedPageCount == 1)
        #expect(new.maintenance.scrubReport.verifiedPageCount == 1)
        try new.store.setCompressor("lz4")
        let found = try #require(new.store.area(named: "area"))
        #expect(try new.read(found, page: 1) == PageContent.compressible(1))
    }
}
