import Foundation
import LinuxSystem
import TestSupport
import Testing

/// A program that is swapped into a mount keeps its pages while the mount's servers are killed.
extension SwapTests {
    @Suite(
        .serialized, .timeLimit(.minutes(10)),
        .enabled(if: SwapMount.canSwapProcesses, SwapMount.swapNeeds))
    struct KilledServerTests {
        @Test func noByteIsWrong() throws {
            let kernelLog = try #require(KernelLog())
            let mount = try SwapMount("killed", options: ["supervise=on"])
            let device = try mount.swapOn("swap", megabyteCount: 256)
            let group = try MemoryGroup("killed", limitByteCount: 48 << 20)
            let process = try SwappedProcess(megabyteCount: 128, pages: SamplePages(), in: group)
            for turn in 0..<4 {
                // In the middle of swapping in, of swapping out, and between the two.
                let path = mount.path
                let killer = Thread {
                    usleep(useconds_t(50_000 * turn))
                    _ = ServerProcess.killAndWait(path)
                }
                killer.start()
                #expect(try process.check().wrongPages.isEmpty, "turn \(turn)")
                try process.refill()
                while !killer.isFinished { usleep(10_000) }
            }
            #expect(try process.check().wrongPages.isEmpty)
            #expect(try mount.number("stats/restarts") == 4)
            process.end()
            try mount.swapOff("swap")
            try mount.unmount()
            let errors = kernelLog.swapErrors(of: device)
            #expect(errors.isEmpty, "\(errors)")
        }
    }
}
