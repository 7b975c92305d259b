import Experiment
import Foundation
import LinuxSystem
import TestSupport
import Testing
import ZPool

/// `zswapfs-bench eviction`: a run recorded for real, replays, and what is refused.
extension BenchTests {
    @Suite(.serialized, .timeLimit(.minutes(10))) struct EvictionCommandTests {
        @Test(
            .enabled(
                if: SwapHost.canSwap && MountHost.canMount && MemoryGroup.canBeMade
                    && BuiltProgram.bench != nil,
                "needs root, /dev/fuse, loop devices, a memory cgroup, a built zswapfs-bench"))
        func recordsAndReplays() throws {
            let turn = try SwapHost.waitForTurn()
            let pages = TemporaryFile("bench-eviction-pages")
            try PageFile.write(to: pages.path)
            let record = TemporaryFile("bench-eviction-record")
            let recorded = try Bench.run([
                "eviction", "--corpus", pages.path, "--size", "16M", "--memory", "8M", "--touches",
                "3000", "--record", record.path, "--limit", "40", "70", "--json",
            ])
            #expect(recorded.status == 0, "\(recorded)")
            withExtendedLifetime(turn) {}
            let events = try SwapRecord(file: record.path).events
            #expect(events.contains { $0.kind == .load })
            #expect(events.contains { $0.kind == .discard })
            let stores = events.filter { $0.kind == .store }
            #expect(stores.count > 1000, "8 MiB at least")
            #expect(stores.contains { (1..<4096).contains($0.byteCount) })

            let results = try Bench.results(recorded)
            let types = ZpoolRegistry.standard().types
            #expect(results.count == 2 * types.count * EvictionOrder.allCases.count)
            for result in results {
                #expect((result["evicted_pages"] as? Int ?? 0) > 0, "\(result)")
                #expect((result["loads"] as? Int ?? 0) > 0, "\(result)")
            }
            let replayed = try Bench.run([
                "eviction", "--replay", record.path, "--limit", "40", "70", "--json",
            ])
            #expect(replayed.status == 0, "\(replayed)")
            let again = try Bench.results(replayed)
            #expect(NSArray(array: again) == NSArray(array: results), "a replay is repeatable")
            let refused = try Bench.run(["eviction", "--record", record.path])
            #expect(refused.status != 0)
            #expect(refused.errors.contains(record.path), "\(refused)")
        }

        @Test func showsATable() throws {
            let record = TemporaryFile("bench-eviction-table")
            let events = (0..<40).map { SwapEvent(.store, page: $0, byteCount: 3000) }
            try SwapRecord(events, lostEventCount: 2).write(
                to: OpenFile(record.path, for: .creating))
            let outcome = try Bench.run(["eviction", "--replay", record.path])
            #expect(outcome.status == 0, "\(outcome)")
            #expect(outcome.output.contains("second-chance"), "\(outcome)")
            #expect(outcome.errors.contains("2 events more"), "\(outcome)")
        }

        @Test(arguments: [
            (["--replay", "/nonexistent/record"], "/nonexistent/record"),
            (["--replay", "/proc/version"], "not a record"),
            (["--replay", "a", "--record", "b"], "not together"),
            (["--limit", "0"], "--limit 0"), (["--limit", "50", "101"], "--limit 50 101"),
            (["--hot", "0"], "--hot 0"), (["--hot-touches", "101"], "--hot-touches 101"),
            (["--moves", "-1"], "--moves"), (["--writes", "101"], "--writes 101"),
            (["--touches", "-1"], "--touches"), (["--memory", "160M"], "at most half"),
            (["--size", "100K"], "--size 100K"),
        ])
        func wrongOptionsAreNamed(arguments: [String], word: String) throws {
            let outcome = try Bench.run(["eviction"] + arguments)
            #expect(outcome.status != 0)
            #expect(outcome.errors.contains(word), "\(outcome)")
            #expect(outcome.output.isEmpty)
        }
    }
}
