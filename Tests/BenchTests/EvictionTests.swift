import Experiment
import Foundation
import LinuxSystem
import TestSupport
import Testing
import ZPool

/// Records of swap runs, and what their replay counts, on records with a known outcome.
extension BenchTests {
    @Suite struct EvictionTests {
        /// Pages that do not compress: each takes one frame, in every pool.
        private func stores(_ pages: [Int]) -> [SwapEvent] {
            pages.map { SwapEvent(.store, page: $0, byteCount: 4096) }
        }

        private func loads(_ pages: [Int]) -> [SwapEvent] {
            pages.map { SwapEvent(.load, page: $0) }
        }

        /// By order: evicted pages, lost loads, lost pages.
        private func outcome(
            _ events: [SwapEvent], zpool: String, limitPercent: Int = 50
        ) throws -> [EvictionOrder: [Int]] {
            let experiment = EvictionExperiment(SwapRecord(events), zpools: .standard())
            let results = try experiment.measure(
                zpool: zpool, limitPercents: [limitPercent], before: { _ in })
            #expect(results.map(\.order) == EvictionOrder.allCases)
            let loadCounts = Set(results.map(\.loadCount))
            #expect(loadCounts.count == 1, "an order changes what is loaded")
            return Dictionary(
                uniqueKeysWithValues: results.map {
                    ($0.order, [$0.evictedPageCount, $0.lostLoadCount, $0.lostPageCount])
                })
        }

        @Test(arguments: ZpoolRegistry.standard().types)
        func aSecondChanceKeepsWhatIsLoaded(zpool: String) throws {
            // Room for four. Page 0 is the oldest, and the only one that is loaded.
            let events =
                stores([0, 1, 2, 3]) + loads([0]) + stores([4]) + loads([0]) + stores([5, 6, 7])
                + loads([0])
            let outcome = try outcome(events, zpool: zpool)
            #expect(outcome[.shrink] == [4, 2, 1])
            #expect(outcome[.oldest] == [4, 2, 1])
            #expect(outcome[.secondChance] == [4, 0, 0])
            #expect(outcome[.loadedFirst] == [4, 2, 1])
            #expect(outcome[.foresight] == [4, 0, 0])
        }

        @Test(arguments: ZpoolRegistry.standard().types)
        func loadedFirstKeepsWhatIsNotLoaded(zpool: String) throws {
            // As swap does it: 3 was loaded, so the program has it, and 0 is asked for next.
            let events =
                stores([0, 1, 2, 3]) + loads([3]) + stores([4]) + loads([0])
                + [5, 6, 7].flatMap { page in
                    [SwapEvent(.discard, page: page - 1)] + stores([page])
                }
            let outcome = try outcome(events, zpool: zpool, limitPercent: 80)
            #expect(outcome[.shrink] == [1, 1, 1])
            #expect(outcome[.oldest] == [1, 1, 1])
            #expect(outcome[.secondChance] == [1, 1, 1])
            #expect(outcome[.loadedFirst] == [1, 0, 0])
            #expect(outcome[.foresight] == [1, 0, 0])
        }

        @Test(arguments: ZpoolRegistry.standard().types)
        func whatIsStoredAnewOrDiscardedIsNotLost(zpool: String) throws {
            // Room for two. 0 goes for 2, 1 for the new 0, 2 for 3; 1 is discarded on disk.
            let events =
                stores([0, 1, 2, 0]) + loads([0]) + [SwapEvent(.discard, page: 1)] + loads([1])
                + stores([3]) + loads([9, 2, 2])
            let experiment = EvictionExperiment(SwapRecord(events), zpools: .standard())
            // 0, 1 and 2 at the peak.
            let results = try experiment.measure(
                zpool: zpool, limitPercents: [67], before: { _ in })
            let oldest = try #require(results.first { $0.order == .oldest })
            #expect(oldest.limitFrameCount == 2)
            #expect(oldest.loadCount == 3, "1 and 9 hold nothing")
            #expect(oldest.evictedPageCount == 3)
            #expect(oldest.evictedByteCount == 3 * 4096)
            #expect(oldest.lostLoadCount == 2)
            #expect(oldest.lostPageCount == 1)
            #expect(oldest.freedFrameCount == 3)
            #expect(oldest.evictedPerFrame == 1)
        }

        @Test func pagesOfOneWordTakeNoRoom() throws {
            let words = (0..<100).map { SwapEvent(.store, page: $0, byteCount: 0) }
            let events = words + stores([100, 101]) + loads(Array(0..<100)) + stores([102])
            let outcome = try outcome(events, zpool: "zsmalloc", limitPercent: 67)
            #expect(outcome.values.allSatisfy { $0 == [1, 0, 0] }, "\(outcome)")
        }

        @Test(arguments: ZpoolRegistry.standard().types)
        func foresightLosesLeast(zpool: String) throws {
            var random = SplitMix64(seed: 1)
            var events: [SwapEvent] = []
            for _ in 0..<20_000 {
                let page = Int.random(in: 0..<4000, using: &random)
                let byteCount = Int.random(in: 20...4096, using: &random)
                switch Int.random(in: 0..<10, using: &random) {
                case 0..<5: events.append(SwapEvent(.store, page: page, byteCount: byteCount))
                case 5..<9: events.append(SwapEvent(.load, page: page))
                default: events.append(SwapEvent(.discard, page: page))
                }
            }
            let outcome = try outcome(events, zpool: zpool)
            let least = try #require(outcome[.foresight])
            for (order, counts) in outcome {
                #expect(counts[0] > 1000, "\(order)")
                #expect(counts[1] >= counts[2], "\(order)")
                #expect(counts[2] > 0 || order == .foresight, "\(order)")
                #expect(counts[1] >= least[1], "\(order)")
            }
        }

        @Test func recordsComeBack() throws {
            let file = TemporaryFile("swap-record")
            let events =
                stores([0, 1 << 39]) + loads([77]) + [
                    SwapEvent(.store, page: 5, byteCount: 17), SwapEvent(.discard, page: 0),
                ]
            let record = SwapRecord(events, lostEventCount: 3)
            try record.write(to: OpenFile(file.path, for: .creating))
            #expect(try SwapRecord(file: file.path) == record)
            let bytes = try Data(contentsOf: URL(fileURLWithPath: file.path))
            #expect(bytes.count == 8 * (3 + events.count))
            #expect(bytes.starts(with: "zswapfs1".utf8))
            var kind = bytes
            kind[24] = 3
            var name = bytes
            name[0] ^= 1
            for damaged in [Data(), name, kind, bytes.dropLast(8), bytes.dropLast(1)] {
                try damaged.write(to: URL(fileURLWithPath: file.path))
                #expect(throws: SwapRecord.Damage.self) { try SwapRecord(file: file.path) }
            }
        }
    }
}
