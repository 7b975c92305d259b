import Advice
import Testing
import ZswapCore

/// The arithmetic of what is saved, and the choice by it.
@Suite struct VerdictTests {
    private static func cost(savedPercent: Int, of pageCount: Int = 10_000) -> MemoryCost {
        let whole = MemoryCost(
            pageCount: pageCount, pool: .init(poolByteCount: 0, recordByteCount: 0), fixed: 0,
            reserve: 0, daemon: 0)
        let wanted = whole.pageByteCount * (100 - savedPercent) / 100
        return MemoryCost(
            pageCount: pageCount,
            pool: .init(poolByteCount: wanted - whole.total, recordByteCount: 0), fixed: 0,
            reserve: 0, daemon: 0)
    }

    private static func candidate(
        _ zpool: String, _ compressor: String, saved: Int, out: Int, in load: Int
    ) -> Recommendation.Candidate {
        Recommendation.Candidate(
            zpool: zpool, compressor: compressor, cost: cost(savedPercent: saved),
            storeNanoseconds: out * 1000, loadNanoseconds: load * 1000)
    }

    private static let bounds = Recommendation.Bounds(
        loadNanosecondsMax: 16_000, storeNanosecondsMax: 50_000)

    @Test func savedIsThePagesLessEveryTerm() {
        let cost = MemoryCost(
            pageCount: 1025, pool: .init(poolByteCount: 1_000_000, recordByteCount: 3000),
            fixed: 500, reserve: 70, daemon: 9)
        // Three leaves of 8 KiB, a node, a root.
        #expect(cost.entries == 3 * 8192 && cost.tables == 8192 + 16384)
        #expect(cost.total == 1_000_000 + 3000 + 500 + 70 + 9 + 24_576 + 24_576)
        #expect(cost.saved == 1025 * 4096 - cost.total)
        #expect(cost.savedShare == Double(cost.saved) / Double(1025 * 4096))
        #expect(cost.ratio == Double(1025 * 4096) / 1_000_000)
    }

    @Test func aMountMayCostMoreThanItGains() {
        let cost = MemoryCost(
            pageCount: 1, pool: .init(poolByteCount: 4096, recordByteCount: 0), fixed: 0,
            reserve: 0, daemon: 1 << 20)
        #expect(cost.saved < 0 && cost.savedShare < 0)
        let none = MemoryCost(
            pageCount: 5, pool: .init(poolByteCount: 0, recordByteCount: 0), fixed: 0, reserve: 0,
            daemon: 0)
        #expect(none.ratio == nil)
        #expect(cost.breakEvenByteCount == nil, "one page and its table are more than a page")
    }

    /// The bytes at which a mount breaks even are those at which nothing is saved.
    @Test func whatPaysIsToldByTheFixedTerms() throws {
        func cost(_ pageCount: Int) -> MemoryCost {
            MemoryCost(
                pageCount: pageCount,
                pool: .init(poolByteCount: pageCount * 1024, recordByteCount: 0), fixed: 1 << 20,
                reserve: 8 << 20, daemon: 50 << 20)
        }
        let least = try #require(cost(1 << 20).breakEvenByteCount)
        let atLeast = cost(least / 4096)
        #expect(abs(atLeast.saved) < atLeast.pageByteCount / 500, "\(atLeast.saved)")
        #expect(cost(least / 8192).saved < 0 && cost(least / 2048).saved > 0)
    }

    @Test func theDensestWithinTheBoundsIsChosen() throws {
        let choice = try #require(
            Recommendation(
                among: [
                    Self.candidate("a", "slow-in", saved: 80, out: 10, in: 17),
                    Self.candidate("a", "slow-out", saved: 80, out: 51, in: 10),
                    Self.candidate("a", "dense", saved: 70, out: 50, in: 16),
                    Self.candidate("a", "fast", saved: 60, out: 1, in: 1),
                ], bounds: Self.bounds))
        #expect(choice.choice.compressor == "dense" && choice.reason == .densest)
        #expect(choice.densest == choice.choice)
    }

    @Test func ofEqualOnesTheFasterIsChosen() throws {
        let candidates = [
            Self.candidate("a", "dense", saved: 70, out: 40, in: 10),
            Self.candidate("a", "equal", saved: 69, out: 15, in: 10),
            Self.candidate("a", "less", saved: 68, out: 1, in: 1),
        ]
        for order in [candidates, candidates.reversed()] {
            let choice = try #require(Recommendation(among: order, bounds: Self.bounds))
            #expect(choice.choice.compressor == "equal" && choice.reason == .faster)
            #expect(choice.densest.compressor == "dense")
        }
    }

    @Test func withoutOneInBoundsItIsTheFastestThatSaves() throws {
        let choice = try #require(
            Recommendation(
                among: [
                    Self.candidate("a", "dense", saved: 70, out: 100, in: 30),
                    Self.candidate("a", "fast", saved: 50, out: 90, in: 20),
                    Self.candidate("a", "useless", saved: -3, out: 1, in: 1),
                ], bounds: Self.bounds))
        #expect(choice.choice.compressor == "fast" && choice.reason == .fastest)
    }

    @Test func nothingIsRecommendedThatSavesNothing() {
        let useless = Self.candidate("a", "b", saved: 0, out: 1, in: 1)
        #expect(Recommendation(among: [useless], bounds: Self.bounds) == nil)
        #expect(Recommendation(among: [], bounds: Self.bounds) == nil)
    }

    @Test func equalFiguresAreOrderedByName() throws {
        let twins = ["b", "a"].map { Self.candidate($0, "x", saved: 50, out: 1, in: 1) }
        let choice = try #require(Recommendation(among: twins, bounds: Self.bounds))
        #expect(choice.choice.zpool == "a")
    }
}
