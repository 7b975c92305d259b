import Foundation
import LinuxSystem
import TestSupport
import Testing

/// Cold pages leave for a file while a real process is swapped: more of it than the pools may hold.
///
///     process in a memory cgroup -> kernel -> loop device -> FUSE -> store -> pool -> file
extension SwapTests {
    @Suite(
        .serialized, .timeLimit(.minutes(10)),
        .enabled(if: SwapMount.canSwapProcesses, SwapMount.swapNeeds))
    struct BackedSwapTests {
        private static let limitByteCount = 7 << 20
        /// Frames above the limit that threads may take which store at the same moment.
        private static let excessByteCountMax = 64 << 12

        private static func makeFile(_ path: String, megabyteCount: Int) throws {
            let file = try OpenFile(path, for: .creating)
            try file.truncate(toByteCount: UInt64(megabyteCount) << 20)
        }

        /// Each driver, each transport.
        static let runs: [SwapPlan.Run] = Zpools.names.enumerated().map { number, zpool in
            let transports = MountHost.transports
            return SwapPlan.Run(
                number: number, zpool: zpool, transport: transports[number % transports.count],
                flips: false)
        }

        @Test(arguments: runs) func threeTimesTheLimitComesBackRight(run: SwapPlan.Run) throws {
            let begin = Date()
            let kernelLog = try #require(KernelLog())
            let file = TemporaryFile("swap-store")
            try Self.makeFile(file.path, megabyteCount: 128)
            let mount = try SwapMount(
                "backed",
                options: [
                    "zpool=\(run.zpool)", "transport=\(run.transport)", "backing=\(file.path)",
                    "max_pool_bytes=\(Self.limitByteCount)",
                ])
            let device = try mount.swapOn("swap", megabyteCount: 128)
            let group = try MemoryGroup("backed", limitByteCount: 16 << 20)
            let process = try SwappedProcess(megabyteCount: 64, pages: SamplePages(), in: group)
            for _ in 0..<2 { #expect(try process.check().wrongPages.isEmpty) }
            try process.refill()
            for _ in 0..<2 { #expect(try process.check().wrongPages.isEmpty) }

            let live = try mount.value("live_size", in: "stats/backing")
            let stored = try mount.number("stats/stored_size")
            if mount.share(ofByteCount: 1) == 1 {
                #expect(live + stored >= 3 * Self.limitByteCount, "\(live) + \(stored)")
            }
            let most = try mount.number("stats/pool_total_size_max")
            #expect(most <= Self.limitByteCount + Self.excessByteCountMax)
            #expect(try mount.value("mean_write_size", in: "stats/backing") >= 256 << 10)
            for counter in [
                "failed_writes", "failed_reads", "checksum_fail", "decompress_fail",
                "backing_load_fail", "backing_store_fail",
            ] { #expect(try mount.number("stats/\(counter)") == 0, "\(counter)") }
            #expect(try mount.number("stats/backing_loads") > 0)
            let held = try mount.text("stats/backing").split(separator: "\n")
                .joined(separator: ", ")

            process.end()
            try mount.swapOff("swap")
            try RealSwapTests.expectEmpty(mount)
            try mount.unmount()
            #expect(try OpenFile(file.path, for: .readingAndWriting).tryLock())
            let errors = kernelLog.swapErrors(of: device)
            #expect(errors.isEmpty, "\(errors)")
            print("\(run): right, \(held), \(Date().timeIntervalSince(begin)) s")
        }

        /// The process is asked to go out by itself here: a memory cgroup would kill it when pages
        /// are refused.
        @Test(
            .enabled(
                if: (try? SwapTable.current().entries.isEmpty) == true,
                "needs a machine that swaps to nothing else: what is refused here would go there"))
        func aDiskThatFillsUpLosesNothing() throws {
            let disk = try SmallDisk(megabyteCount: 8)
            let path = "\(disk.path)/store"
            try Self.makeFile(path, megabyteCount: 64)
            // Gone before the disk is.
            let mount = try SwapMount(
                "failing",
                options: ["backing=\(path)", "max_pool_bytes=\(Self.limitByteCount)"])
            defer { withExtendedLifetime(disk) {} }
            _ = try mount.swapOn("swap", megabyteCount: 128)
            let process = try SwappedProcess(
                megabyteCount: 64, pages: SamplePages(),
                in: MemoryGroup("roomy", limitByteCount: 1 << 30))
            _ = try process.pageOut()
            try Self.expectStopped(path, mount)
            try Self.expectRight(process, mount)
            try process.refill()
            _ = try process.pageOut()
            try Self.expectRight(process, mount)

            // With room, and asked again, it goes on.
            try disk.resize(megabyteCount: 80)
            try mount.set("backing", to: path)
            let before = try mount.number("stats/written_back_pages")
            let goesOn = Patience.wait(milliseconds: 20_000) {
                guard (try? process.pageOut()) != nil else { return true }
                let after = try? mount.number("stats/written_back_pages")
                return after.map { $0 > before + 1000 } ?? true
            }
            let state = try mount.text("stats/backing")
            #expect(goesOn && state.contains("state takes pages"), "\(state)")
            try Self.expectRight(process, mount)
            try mount.swapOff("swap")
            try Self.expectRight(process, mount)
            process.end()
            try mount.unmount()
        }

        /// Nothing more is written, and that is said everywhere.
        private static func expectStopped(_ path: String, _ mount: SwapMount) throws {
            let words = "stopped after an error"
            let hasStopped = Patience.wait(milliseconds: 20_000) {
                (try? mount.text("stats/backing"))?.contains(words) == true
            }
            let state = try mount.text("stats/backing")
            #expect(hasStopped, "\(state)")
            let isTold = Patience.wait(milliseconds: 10_000) {
                mount.log.contains("write-back to \(path): \(words)")
            }
            #expect(isTold, "\(mount.log)")
            #expect(try mount.text("stats/summary").contains(words))
            #expect(try mount.number("stats/backing_store_fail") > 0)
            #expect(try mount.number("stats/failed_writes") > 0)
            #expect(try mount.number("stats/backing_pages") > 1000)
        }

        private static func expectRight(_ process: SwappedProcess, _ mount: SwapMount) throws {
            #expect(try process.check().wrongPages.isEmpty)
            #expect(try mount.number("stats/failed_reads") == 0)
            #expect(try mount.number("stats/backing_load_fail") == 0)
            #expect(mount.daemonIsRunning)
        }
    }
}
