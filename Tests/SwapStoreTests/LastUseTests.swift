import Arena
import TestSupport
import Testing
import ZPool
import ZswapCore

@testable import SwapStore

/// Ages of pages in sixteen bits.
@Suite struct LastUseTests {
    @Test(arguments: [0, 1, 8191, 8192, 1 << 24, 1 << 40 + 12345] as [UInt64])
    func agesAreExactToTheSecond(start: UInt64) {
        let use = LastUse(.stored, at: start)
        for age in [0, 1, 2, 63, 64, 3600, 8191 - LastUse.futureSecondsMax] {
            #expect(use.ageSeconds(at: start + UInt64(age)) == age)
        }
    }

    @Test func loadsAreTold() throws {
        let stored = LastUse(.stored, at: 100)
        let loaded = try #require(stored.loaded(at: 100))
        #expect(loaded.how == .loaded && loaded.ageSeconds(at: 103) == 3)
        #expect(loaded.loaded(at: 100) == nil, "readahead asks twice in a second")
        let again = try #require(loaded.loaded(at: 105))
        #expect(again.how == .loadedAgain && again.ageSeconds(at: 105) == 0)
        #expect(again.loaded(at: 105) == nil)
        #expect(again.loaded(at: 106)?.how == .loadedAgain)
        #expect(LastUse(.passing, at: 1).loaded(at: 9) == nil)
    }

    /// Swept often enough, a page looks as old as it is, but for a coarse unit; and beyond the end
    /// it stays there.
    @Test(arguments: [1, 2, 3] as [UInt64]) func sweepsKeepAgesTrue(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let start = random.next() >> 20
        var use = LastUse(.loaded, at: start)
        var now = start
        while now - start < 2 * UInt64(LastUse.ageSecondsMax) {
            now += 1 + random.next() % UInt64(LastUse.sweepSecondsMax)
            let truth = min(Int(now - start), LastUse.ageSecondsMax)
            let seen = min(use.ageSeconds(at: now), LastUse.ageSecondsMax)
            #expect((truth - 64...truth + 64).contains(seen), "seed \(seed): \(truth) as \(seen)")
            use = use.aged(at: now) ?? use
            #expect(use.how == .loaded)
            #expect(use.aged(at: now) == nil, "seed \(seed): aged twice")
        }
    }

    /// A worker's second is that of its request's begin, and another one's request began later.
    @Test(arguments: [0, 1, 100, 8191, 8192, 1 << 24] as [UInt64])
    func aUseAheadIsTheYoungest(start: UInt64) throws {
        for ahead in [1, 2, 63, 500, LastUse.futureSecondsMax] {
            let later = start + UInt64(ahead)
            for how in [LastUse.How.stored, .loaded, .loadedAgain] {
                let use = LastUse(how, at: later)
                #expect(use.ageSeconds(at: start) == 0, "\(ahead) s ahead")
                #expect(use.aged(at: start) == nil, "a young page became an old one")
                #expect(use.loaded(at: start)?.timeBits ?? use.timeBits == use.timeBits)
                let coldness = AgeCensus.coldness(of: use, at: start, begun: start)
                let youngest = AgeCensus.coldness(
                    of: LastUse(how, at: start), at: start, begun: start)
                #expect(coldness == youngest)
            }
            #expect(LastUse(.stored, at: later).loaded(at: start)?.how == .loaded)
            #expect(LastUse(.loaded, at: later).loaded(at: start) == nil)
            // In units of 64 seconds as well.
            let now = later + 5000
            let coarse = try #require(LastUse(.stored, at: later).aged(at: now))
            #expect(coarse.ageSeconds(at: start) == 0 && coarse.aged(at: start) == nil)
            #expect(abs(coarse.ageSeconds(at: now) - 5000) <= 64)
        }
        #expect(AgeCensus.coldness(of: LastUse(.stored, at: 9), at: 5, begun: 7) != nil)
    }

    /// The same in a store: a slow reader, and a page that was stored after it began.
    @Test func aSlowReaderLeavesAPageYoung() throws {
        let fixture = try TestStore()
        let store = fixture.store
        let area = try fixture.makeArea()
        let late = try #require(store.makeWorker())
        defer { store.removeWorker(late) }
        var census = AgeCensus(at: store.clock.seconds)
        store.begin(late)
        store.clock.add(seconds: 2)
        try fixture.write(PageContent.compressible(1), to: area, page: 0)
        census.add(MigrationTests.entry(fixture, area, 0).lastUse, at: late.seconds)
        var coldest = census.coldest(1)
        let isYoung = coldest.take(LastUse(.stored, at: census.seconds), at: census.seconds)
        #expect(isYoung, "the census counted it as an old one")
        let stored = MigrationTests.entry(fixture, area, 0).lastUse
        let buffer = try PageBuffer()
        var target = buffer.mutableBytes
        try store.load(PageNumber(0), of: area, into: &target, for: .reading, by: late)
        store.end(late)
        let loaded = MigrationTests.entry(fixture, area, 0).lastUse
        #expect(loaded.how == .loaded && loaded.timeBits == stored.timeBits)
        #expect(loaded.ageSeconds(at: late.seconds) == 0)
    }

    @Test func bitsComeBack() {
        for use in [LastUse(.stored, at: 0), LastUse(.passing, at: 8191)] {
            let old = use.aged(at: 1 << 20) ?? use
            for use in [use, old] {
                #expect(LastUse(timeBits: use.timeBits, howBits: use.howBits) == use)
                #expect(use.timeBits >> UInt64(64 - PoolHandle.bitCount) == 0 && use.howBits < 8)
            }
        }
    }

    @Test func colderIsLongerAgo() {
        let now: UInt64 = 1 << 30
        func coldness(_ how: LastUse.How, _ age: UInt64) -> AgeCensus.Coldness {
            let use = LastUse(how, at: now - age)
            let coldness = AgeCensus.coldness(of: use.aged(at: now) ?? use, at: now, begun: now)
            return coldness ?? AgeCensus.Coldness(rawValue: -1)
        }
        for how in [LastUse.How.stored, .loaded, .loadedAgain] {
            var last = coldness(how, 0)
            for age in 1...7600 as ClosedRange<UInt64> {
                let next = coldness(how, age)
                #expect(next >= last, "\(how) \(age)")
                if age < 64 { #expect(next > last) }
                last = next
            }
            #expect(coldness(how, 100) > coldness(how, 64))
        }
        #expect(coldness(.loaded, 0) > coldness(.stored, 7600), "a loaded page has a copy")
        #expect(coldness(.loadedAgain, 5) == coldness(.stored, 5))
        #expect(coldness(.passing, 0) > coldness(.loaded, 7600))
    }

    /// Time goes on while somebody looks for what was counted.
    @Test func coldnessIsThatOfTheCensus() {
        let use = LastUse(.stored, at: 1000)
        let then = AgeCensus.coldness(of: use, at: 1010, begun: 1010)
        #expect(AgeCensus.coldness(of: use, at: 1500, begun: 1010) == then)
        #expect(AgeCensus.coldness(of: LastUse(.loaded, at: 1011), at: 1500, begun: 1010) == nil)
    }

    @Test(arguments: [4, 5] as [UInt64]) func theColdestAreFound(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var census = AgeCensus(at: 5000)
        var all: [LastUse] = []
        for _ in 0..<3000 {
            let hows = [LastUse.How.stored, .loaded, .loadedAgain]
            let use = LastUse(hows[Int(random.next() % 3)], at: random.next() % 5000)
            all.append(use)
            census.add(use, at: 5000)
        }
        #expect(census.pageCount == 3000)
        for wanted in [0, 1, 10, 500, 2999, 3000, 4000] {
            var coldest = census.coldest(wanted)
            let isTaken = all.map { coldest.take($0, at: 5000) }
            let coldness = all.compactMap {
                AgeCensus.coldness(of: $0, at: 5000, begun: 5000)
            }
            let taken = zip(coldness, isTaken).filter(\.1).map(\.0)
            let left = zip(coldness, isTaken).filter { !$0.1 }.map(\.0)
            #expect(coldest.isComplete && taken.count == min(wanted, 3000))
            guard let warmest = taken.min(), let coldestLeft = left.max() else { continue }
            #expect(warmest >= coldestLeft, "seed \(seed), \(wanted) wanted")
        }
    }
}
