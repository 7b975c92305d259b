import Foundation
import LinuxSystem
import TestSupport
import Testing

/// A real process, swapped through the kernel into a mounted zswapfs and back, byte by byte.
///
///     process in a memory cgroup -> kernel -> loop device -> FUSE -> store -> pool
extension SwapTests {
    @Suite(
        .serialized, .timeLimit(.minutes(30)),
        .enabled(if: SwapMount.canSwapProcesses, SwapMount.swapNeeds))
    struct RealSwapTests {
        @Test(arguments: SwapPlan.runs) func noByteIsWrong(run: SwapPlan.Run) throws {
            let begin = Date()
            let kernelLog = try #require(KernelLog())
            let mount = try SwapMount(
                "run", options: ["zpool=\(run.zpool)", "transport=\(run.transport)"])
            let device = try mount.swapOn("swap", megabyteCount: SwapPlan.megabyteCount * 2)
            let flips = run.flips ? PoolFlips(mount) : nil
            defer { _ = flips?.stop() }

            let group = try MemoryGroup("run", limitByteCount: SwapPlan.limitMegabyteCount << 20)
            let process = try SwappedProcess(
                megabyteCount: SwapPlan.megabyteCount, pages: SamplePages(), in: group)
            try Self.expectSwapped(process, mount)
            #expect(try process.check().wrongPages.isEmpty)
            // Every slot is written again, some before the old page's pool has drained.
            try process.refill()
            try Self.expectSwapped(process, mount)
            for _ in 0..<2 {
                let report = try process.check()
                #expect(report.wrongPages.isEmpty)
                #expect(report.swappedByteCount > SwapPlan.swappedByteCountMin)
            }
            let held = try mount.text("stats/mm_stat")
            if let flips { try Self.expectFlipped(flips, mount) }

            process.end()
            try mount.swapOff("swap")
            try Self.expectEmpty(mount)
            try mount.unmount()
            let errors = kernelLog.swapErrors(of: device)
            #expect(errors.isEmpty, "\(errors)")
            print("\(run): right, \(held), \(Date().timeIntervalSince(begin)) s")
        }

        /// Its pages are out by its own count, by the kernel's table, and by the store's.
        private static func expectSwapped(_ process: SwappedProcess, _ mount: SwapMount) throws {
            let least = SwapPlan.swappedByteCountMin
            #expect(try process.swappedByteCount() > least)
            let entry = try #require(try mount.swapEntry("swap"))
            let share = mount.share(ofByteCount: least)
            #expect(entry.usedByteCount > share)
            #expect(entry.priority == 32767)
            #expect(try mount.number("stats/stored_pages") << 12 > share)
            #expect(try mount.number("stats/failed_writes") == 0)
            #expect(try mount.number("stats/failed_reads") == 0)
        }

        private static func expectFlipped(_ flips: PoolFlips, _ mount: SwapMount) throws {
            let (count, failures) = flips.stop()
            #expect(count >= 2, "the run was over before the pools changed")
            #expect(failures.isEmpty, "\(failures)")
            #expect(mount.daemonIsRunning)
        }

        /// Swap is off: only the header is left, and the memory has gone back.
        static func expectEmpty(_ mount: SwapMount) throws {
            #expect(try mount.number("stats/stored_pages") == 1)
            // The header's page, in one zspage or frame.
            let isSmall = Patience.wait(milliseconds: 5000) {
                (try? mount.number("stats/pool_total_size")).map { $0 <= 8 << 12 } ?? false
            }
            let byteCount = try mount.number("stats/pool_total_size")
            #expect(isSmall, "\(byteCount) bytes in empty pools")
            #expect(try mount.number("stats/checksum_fail") == 0)
            #expect(try mount.number("stats/decompress_fail") == 0)
        }

        @Test func swapOffBringsEverythingBack() throws {
            let mount = try SwapMount("off")
            // Without a word from the kernel about free slots only swap off gives memory back.
            let device = try mount.swapOn("swap", megabyteCount: 64, discard: "none")
            let group = try MemoryGroup("off", limitByteCount: 16 << 20)
            let process = try SwappedProcess(
                megabyteCount: 24, pages: SamplePages(), in: group)
            #expect(try process.swappedByteCount() > 4 << 20)
            // Without room for what comes back the kernel would kill the process.
            try group.limit(toByteCount: 256 << 20)
            try mount.swapOff("swap")
            #expect(device.backingPath == nil)
            let report = try process.check()
            #expect(report.wrongPages.isEmpty)
            #expect(report.swappedByteCount == 0)
            try Self.expectEmpty(mount)
            try mount.unmount()
        }
    }
}
