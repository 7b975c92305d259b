import TestSupport
import Testing
import ZswapCore

@testable import Maintenance
@testable import SwapStore

/// The order of pages by coldness, and the choice of the coldest.
@Suite struct AgeHistogramTests {
    /// A worker's second is that of its request's begin, and another one's request began later.
    @Test(arguments: [0, 1, 100, 8191, 8192, 1 << 24] as [UInt64])
    func aUseAheadIsTheYoungest(start: UInt64) {
        for ahead in [1, 2, 63, 500, LastUse.futureSecondsMax] {
            for how in [LastUse.How.stored, .loaded, .loadedAgain] {
                let use = LastUse(how, at: start + UInt64(ahead))
                let coldness = AgeHistogram.coldness(of: use, at: start, begun: start)
                let youngest = AgeHistogram.coldness(
                    of: LastUse(how, at: start), at: start, begun: start)
                #expect(coldness == youngest)
            }
        }
        #expect(AgeHistogram.coldness(of: LastUse(.stored, at: 9), at: 5, begun: 7) != nil)
    }

    /// The same in a store: a slow reader, and a page that was stored after it began.
    @Test func aSlowReaderCountsAPageAsYoung() throws {
        let fixture = try TestStore()
        let store = fixture.store
        let area = try fixture.makeArea()
        let late = try #require(store.makeWorker())
        defer { store.removeWorker(late) }
        var ages = AgeHistogram(at: store.clock.seconds)
        store.begin(late)
        store.clock.add(seconds: 2)
        try fixture.write(PageContent.compressible(1), to: area, page: 0)
        ages.add(fixture.entry(of: 0, in: area).lastUse, at: late.seconds)
        store.end(late)
        var coldest = ages.coldest(1)
        let isYoung = coldest.take(LastUse(.stored, at: ages.seconds), at: ages.seconds)
        #expect(isYoung, "it was counted as an old one")
    }

    @Test func colderIsLongerAgo() {
        let now: UInt64 = 1 << 30
        func coldness(_ how: LastUse.How, _ age: UInt64) -> AgeHistogram.Coldness {
            let use = LastUse(how, at: now - age)
            let coldness = AgeHistogram.coldness(of: use.aged(at: now) ?? use, at: now, begun: now)
            return coldness ?? AgeHistogram.Coldness(rawValue: -1)
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

    /// Time goes on between counting the pages and choosing them.
    @Test func coldnessIsThatOfTheCount() {
        let use = LastUse(.stored, at: 1000)
        let then = AgeHistogram.coldness(of: use, at: 1010, begun: 1010)
        #expect(AgeHistogram.coldness(of: use, at: 1500, begun: 1010) == then)
        #expect(AgeHistogram.coldness(of: LastUse(.loaded, at: 1011), at: 1500, begun: 1010) == nil)
    }

    @Test(arguments: [4, 5] as [UInt64]) func theColdestAreFound(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var ages = AgeHistogram(at: 5000)
        var all: [LastUse] = []
        for _ in 0..<3000 {
            let hows = [LastUse.How.stored, .loaded, .loadedAgain]
            let use = LastUse(hows[Int(random.next() % 3)], at: random.next() % 5000)
            all.append(use)
            ages.add(use, at: 5000)
        }
        #expect(ages.pageCount == 3000)
        for wanted in [0, 1, 10, 500, 2999, 3000, 4000] {
            var coldest = ages.coldest(wanted)
            let isTaken = all.map { coldest.take($0, at: 5000) }
            let coldness = all.compactMap {
                AgeHistogram.coldness(of: $0, at: 5000, begun: 5000)
            }
            let taken = zip(coldness, isTaken).filter(\.1).map(\.0)
            let left = zip(coldness, isTaken).filter { !$0.1 }.map(\.0)
            #expect(coldest.isComplete && taken.count == min(wanted, 3000))
            guard let warmest = taken.min(), let coldestLeft = left.max() else { continue }
            #expect(warmest >= coldestLeft, "seed \(seed), \(wanted) wanted")
        }
    }
}
