import Foundation
import LinuxSystem
import TestSupport
import Testing

/// `zswapfs-bench swap`: a real program, swapped to each peer that this machine has.
extension BenchTests {
    @Suite(
        .serialized, .timeLimit(.minutes(10)),
        .enabled(
            if: SwapHost.canSwap && MountHost.canMount && MemoryGroup.canBeMade
                && BuiltProgram.bench != nil,
            "needs root, /dev/fuse, loop devices, a memory cgroup, a built zswapfs-bench"))
    struct SwapCommandTests {
        private static let settings = [
            "/sys/devices/virtual/workqueue/cpumask",
            "/sys/module/workqueue/parameters/default_affinity_scope",
            "/proc/sys/vm/page-cluster",
        ]
        private let pages = TemporaryFile("bench-swap-pages")
        private let turn: OpenFile

        init() throws {
            try PageFile.write(to: pages.path)
            turn = try SwapHost.waitForTurn()
        }

        private func arguments(_ more: [String]) -> [String] {
            [
                "swap", "--corpus", pages.path, "--size", "16M", "--limit", "8M", "--touches",
                "500", "--repeat", "1",
            ] + more
        }

        private func zrams() -> Set<String> {
            Set(SystemText.names(inDirectory: "/sys/block").filter { $0.hasPrefix("zram") })
        }

        @Test(arguments: MountHost.transports) func swapsToEachPeer(transport: String) throws {
            let before = zrams()
            let outcome = try Bench.run(arguments(["--json", "--transport", transport]))
            #expect(outcome.status == 0, "\(outcome)")
            #expect(try Bench.conditions(outcome)["latency"] == "auto")
            #expect(try Bench.conditions(outcome)["readahead"] != nil)
            let results = try Bench.results(outcome)
            let devices = results.compactMap { $0["device"] as? String }
            #expect(Set(devices).isSuperset(of: ["zswapfs", "null"]))
            for result in results {
                #expect((result["swappedByteCount"] as? Int ?? 0) > 4 << 20, "\(result)")
            }
            // Devices of other programs may come and go.
            let isGone = Patience.wait(milliseconds: 20_000) { zrams().isSubset(of: before) }
            #expect(isGone, "\(zrams()) and not \(before)")
        }

        @Test func usesAMountThatIsThere() throws {
            let before = try Self.settings.map { try SystemText.attribute($0) }
            let mount = try TemporaryMount("latency=low")
            let outcome = try Bench.run(
                arguments([
                    "--mount", mount.path, "--on", "zswapfs", "--no-discard", "--local", "--pin",
                    "0", "--readahead", "5", "--json",
                ]))
            #expect(outcome.status == 0, "\(outcome)")
            #expect(try Bench.conditions(outcome)["latency"] == "low")
            let readahead = try Bench.conditions(outcome)["readahead"]
            #expect(readahead?.hasPrefix("5 on zswapfs and null, ") == true)
            #expect(try mount.number("stats/pool_total_size_max") > 1 << 20)
            #expect(!SystemCall.exists(mount.path("zswapfs-bench-swap")))
            #expect(try Self.settings.map { try SystemText.attribute($0) } == before)
        }

        @Test func aSignalTakesEverythingDown() throws {
            // Would go on for minutes.
            let run = try ProgramRun(
                Bench.program(), arguments(["--touches", "2000000000", "--on", "null"]))
            let swaps = Patience.wait(milliseconds: 30_000) {
                ((try? SwapTable.current().entries) ?? []).contains { $0.usedByteCount > 4 << 20 }
            }
            #expect(swaps, "\(run.errorText)")
            run.signal(SIGINT)
            let outcome = try #require(run.wait(seconds: 60))
            #expect(outcome.status != 0)
            #expect(outcome.errors.contains("stopped by SIGINT"))
            #expect(Bench.leftovers(of: run.identifier).isEmpty)
        }

        @Test func refusesSizesThatSwapNothing() throws {
            let outcome = try Bench.run(arguments(["--limit", "16M"]))
            #expect(outcome.status == 64)
            #expect(outcome.errors.contains("at most half of --size"))
        }
    }
}
