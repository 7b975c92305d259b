import Foundation
import LinuxSystem
import TestSupport
import Testing

/// The store is full while the kernel swaps: it refuses pages, the kernel keeps them in memory, and
/// the process never notices. It is asked to go out by itself here: a memory cgroup would kill it.
extension SwapTests {
    @Suite(
        .serialized, .timeLimit(.minutes(10)),
        .enabled(if: SwapMount.canSwapProcesses, SwapMount.swapNeeds),
        .enabled(
            if: (try? SwapTable.current().entries.isEmpty) == true,
            "needs a machine that swaps to nothing else: what is refused here would go there"))
    struct FullPoolTests {
        @Test(arguments: Zpools.names) func aFullArenaLosesNothing(zpool: String) throws {
            let mount = try SwapMount("arena", options: ["arena=16M", "zpool=\(zpool)"])
            _ = try mount.swapOn("swap", megabyteCount: 128)
            let process = try SwappedProcess(
                megabyteCount: 64, pages: SamplePages(),
                in: MemoryGroup("roomy", limitByteCount: 1 << 30))
            for _ in 0..<2 {
                _ = try process.pageOut()
                #expect(try process.check().wrongPages.isEmpty)
                try process.refill()
            }
            _ = try process.pageOut()
            #expect(try mount.number("stats/failed_writes") > 0)
            #expect(try mount.number("stats/reject_alloc_fail") > 0)
            #expect(try mount.number("stats/stored_pages") > 1000)
            #expect(try mount.number("stats/failed_reads") == 0)
            #expect(try process.check().wrongPages.isEmpty)
            try mount.swapOff("swap")
            #expect(try process.check().wrongPages.isEmpty)
            #expect(try mount.number("stats/stored_pages") == 1)
            try mount.unmount()
        }

        @Test func aLimitLosesNothingAndMayBeRaised() throws {
            let mount = try SwapMount("limit")
            _ = try mount.swapOn("swap", megabyteCount: 64)
            let process = try SwappedProcess(
                megabyteCount: 16, pages: SamplePages(),
                in: MemoryGroup("roomy", limitByteCount: 1 << 30))
            try mount.set("max_pool_percent", to: "0")
            _ = try process.pageOut()
            #expect(try mount.number("stats/pool_limit_hit") > 0)
            #expect(try mount.number("stats/stored_pages") < 1000)
            #expect(try process.check().wrongPages.isEmpty)
            try mount.set("max_pool_percent", to: "20")
            // What was refused lies in the kernel's swap cache, until its next round.
            let isOut = Patience.wait(milliseconds: 20_000) {
                guard (try? process.pageOut()) != nil else { return true }
                return (try? mount.number("stats/stored_pages")).map { $0 > 3000 } ?? true
            }
            #expect(isOut, "no page is taken any more")
            #expect(try process.check().wrongPages.isEmpty)
            try mount.swapOff("swap")
            #expect(try process.check().wrongPages.isEmpty)
            try mount.unmount()
        }
    }
}
