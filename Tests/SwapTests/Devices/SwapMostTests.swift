import Foundation
import LinuxSystem
import TestSupport
import Testing

@testable import ZswapfsCommand

/// The messages for an errno of two meanings, and the effect of a signal.
extension SwapTests {
    @Suite(
        .serialized, .timeLimit(.minutes(10)),
        .enabled(
            if: SwapHost.canSwap && MountHost.canMount,
            "needs CAP_SYS_ADMIN, loop devices, /dev/fuse, the built zswapfs"))
    struct SwapMostTests {
        @Test func theKernelsMostIsSaid() throws {
            let turn = try SwapHost.waitForTurn()
            let mount = try TemporaryMount()
            var devices: [LoopDevice] = []
            defer { for device in devices { AreaInUseTests.off(device) } }
            // More than 32 types of swap do not fit into a page table entry.
            for index in 0...32 {
                let path = mount.path("area\(index)")
                let run = try BuiltProgram.run(["swap", "on", path, "--size", "40K"])
                guard run.status == 0 else {
                    #expect(run.status == 69, "\(run)")
                    let count = try SwapTable.current().entries.count
                    let words = "the kernel swaps to \(count) areas already and can have no more"
                    #expect(run.errors.contains(words), "\(run)")
                    #expect(!FileManager.default.fileExists(atPath: path))
                    return
                }
                devices.append(try #require(LoopDevice(path: String(run.output.dropLast()))))
            }
            Issue.record("\(devices.count) areas are not too many")
            _ = turn
        }

        @Test(arguments: [SIGINT, SIGTERM, SIGHUP, SIGQUIT])
        func aSignalToSwapOffLeavesTheSwapOnAndSaysSo(signal: CInt) throws {
            try #require(SwapMount.canSwapProcesses, SwapMount.swapNeeds)
            let mount = try SwapMount("signalled")
            // The kernel looks for signals between two processes.
            let processes = try (0..<4).map { number in
                try SwappedProcess(
                    megabyteCount: 12, pages: SamplePages(),
                    in: MemoryGroup("signalled\(number)", limitByteCount: 1 << 30))
            }
            // A fast machine may be done before it is stopped: then once more.
            for _ in 0..<10 {
                let device = try mount.swapOn("swap", megabyteCount: 96)
                for process in processes { #expect(try process.pageOut() > 9 << 20) }
                let outcome = try Self.interrupt(mount, device, by: signal)
                guard try SwapTable.current().entry(for: device) != nil else { continue }
                #expect(outcome.status == 1, "\(outcome)")
                for part in ["interrupted by SIG", "the swap stays on", "`zswapfs swap off "] {
                    #expect(outcome.errors.contains(part), "\(outcome)")
                }
                for process in processes { #expect(try process.check().wrongPages.isEmpty) }
                try mount.swapOff("swap")
                try mount.unmount()
                return
            }
            Issue.record("no attempt was early enough")
        }

        /// Begins to swap off, stops the daemon in the middle, sends the signal, and lets the
        /// daemon go on.
        private static func interrupt(
            _ mount: SwapMount, _ device: LoopDevice, by signal: CInt
        ) throws -> (status: CInt, errors: String) {
            let used = try #require(try SwapTable.current().entry(for: device)).usedByteCount
            let program = try #require(BuiltProgram.zswapfs)
            // Test runners leave signals blocked in their children; this one's are not.
            let errors = TemporaryFile("errors")
            let off = try RunningProcess(
                "/bin/sh",
                ["-c", "exec \"$@\" 2> \(errors.path)", "sh", program, "swap", "off"]
                    + [mount.file("swap")])
            for _ in 0..<20_000 {
                // By the path, which is quicker than finding out what it means.
                let now = (try? SwapTable.current())?.entries.first { $0.path == device.path }
                if (now?.usedByteCount ?? 0) < used { break }
                usleep(500)
            }
            kill(mount.identifier, SIGSTOP)
            kill(off.identifier, signal)
            kill(mount.identifier, SIGCONT)
            #expect(Patience.wait(milliseconds: 30_000) { off.exitStatus != nil })
            let text = try String(contentsOfFile: errors.path, encoding: .utf8)
            return (off.exitStatus ?? -1, text)
        }

        @Test(arguments: [(0, 77), (22, 77), (23, 69), (29, 69)] as [(Int, Int32)])
        func aRefusalBelowTheMostIsOneOfPermission(areaCount: Int, status: Int32) {
            let device = LoopDevice(index: 3)
            #expect(
                SwapDevice.refusal(of: device, areaCount: areaCount).status.rawValue == status)
        }
    }
}
