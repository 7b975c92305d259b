import Experiment
import Foundation
import LinuxSystem
import TestSupport
import Testing

/// `zswapfs-bench io` on a mount.
extension BenchTests {
    @Suite(
        .serialized, .timeLimit(.minutes(10)),
        .enabled(if: MountHost.canMount && BuiltProgram.bench != nil, "\(MountHost.need)"))
    struct IOCommandTests {
        private let pages = TemporaryFile("bench-io-pages")

        init() throws { try PageFile.write(to: pages.path) }

        private func arguments(_ mount: TemporaryMount, _ more: [String] = []) -> [String] {
            [
                "io", mount.path, "--corpus", pages.path, "--size", "2M", "--seconds", "0.02",
                "--repeat", "1",
            ] + more
        }

        @Test(arguments: MountHost.transports) func measures(transport: String) throws {
            let mount = try TemporaryMount("transport=\(transport)")
            let outcome = try Bench.run(arguments(mount, ["--json"]))
            #expect(outcome.status == 0, "\(outcome)")
            #expect(try Bench.results(outcome).count == 8)
            #expect(try Bench.conditions(outcome)["latency"] == "auto")
            #expect(try Bench.conditions(outcome)["readahead"] != nil)
            let used = try Bench.conditions(outcome)["transport"]
            #expect(used == (try mount.control("stats/transport")))
            #expect(try mount.number("stats/checksum_fail") == 0)
            #expect(!SystemCall.exists(mount.path("zswapfs-bench-io")), "the area is removed")
        }

        @Test func pinnedServersAreFreeAgain() throws {
            let mount = try TemporaryMount()
            func affinities() throws -> [pid_t: Affinity] {
                let threads = Affinity.threads(of: mount.daemon.identifier)
                return Dictionary(
                    uniqueKeysWithValues: try threads.map { ($0, try Affinity(thread: $0)) })
            }
            let before = try affinities()
            let outcome = try Bench.run(arguments(mount, ["--pin", "0"]))
            #expect(outcome.status == 0, "\(outcome)")
            #expect(outcome.output.contains("on processor 0"))
            #expect(outcome.output.contains("4 KiB read, depth 1"))
            let after = try affinities()
            for (thread, affinity) in before { #expect(after[thread] == affinity) }
            // A thread that the daemon has started meanwhile is as free as the others.
            #expect(after.values.allSatisfy(before.values.contains))
        }

        @Test func refusesWhatIsNotItsOwn() throws {
            let outside = try Bench.run(["io", "/tmp", "--corpus", pages.path])
            #expect(outside.status != 0)
            #expect(outside.errors.contains("not on a mounted zswapfs"))
            let mount = try TemporaryMount()
            let file = try mount.open("zswapfs-bench-io")
            try file.write([7], at: 0)
            try file.close()
            let outcome = try Bench.run(arguments(mount))
            #expect(outcome.status != 0)
            #expect(outcome.errors.contains("EEXIST"))
            #expect(try mount.open("zswapfs-bench-io").read(at: 0, count: 1) == [7])
        }
    }
}

/// A file of pages to measure with: this test program's own.
enum PageFile {
    static func write(to path: String) throws {
        try PageSamples(process: getpid()).write(to: path)
    }
}
