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
            }
            #expect(LastUse(.stored, at: later).loaded(at: start)?.how == .loaded)
            #expect(LastUse(.loaded, at: later).loaded(at: start) == nil)
            // In units of 64 seconds as well.
            let now = later + 5000
            let coarse = try #require(LastUse(.stored, at: later).aged(at: now))
            #expect(coarse.ageSeconds(at: start) == 0 && coarse.aged(at: start) == nil)
            #expect(abs(coarse.ageSeconds(at: now) - 5000) <= 64)
        }
    }

    /// The same in a store: a slow reader, and a page that was stored after it began.
    @Test func aSlowReaderLeavesAPageYoung() throws {
        let fixture = try TestStore()
        let store = fixture.store
        let area = try fixture.makeArea()
        let late = try #require(store.makeWorker())
        defer { store.removeWorker(late) }
        store.begin(late)
        store.clock.add(seconds: 2)
        try fixture.write(PageContent.compressible(1), to: area, page: 0)
        let stored = fixture.entry(of: 0, in: area).lastUse
        let buffer = try PageBuffer()
        var target = buffer.mutableBytes
        try store.load(PageNumber(0), of: area, into: &target, for: .reading, by: late)
        store.end(late)
        let loaded = fixture.entry(of: 0, in: area).lastUse
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
}
