import Foundation
import LinuxSystem
import TestSupport
import Testing

/// `swap on` is killed at any moment: swap is on, or there is no trace of a device.
extension SwapTests {
    @Suite(
        .serialized, .timeLimit(.minutes(10)),
        .enabled(if: SwapMount.canSwapProcesses, SwapMount.swapNeeds))
    struct KilledSwapOnTests {
        static let roundCount = 24

        @Test func leavesNoLoopDevice() throws {
            let mount = try SwapMount("killed")
            let begin = Date()
            _ = try mount.swapOn("swap", megabyteCount: 16)
            let microseconds = Date().timeIntervalSince(begin) * 1e6
            try mount.swapOff("swap")
            var offCount = 0
            for round in 0..<Self.roundCount {
                // Evenly over all of the command's life, and a little at random.
                let share = (Double(round) + .random(in: 0..<1)) / Double(Self.roundCount)
                try Self.startAndKill(mount, after: useconds_t(microseconds * share))
                if try mount.swapEntry("swap") != nil {
                    try mount.swapOff("swap")
                } else {
                    offCount += 1
                }
                let isFree = Patience.wait(milliseconds: 5000) { mount.devices.isEmpty }
                #expect(isFree, "round \(round) left \(mount.devices.map(\.path))")
            }
            #expect(offCount > 0, "no round was early enough")
            _ = try mount.swapOn("swap", megabyteCount: 16)
            try mount.swapOff("swap")
            try mount.unmount()
        }

        private static func startAndKill(_ mount: SwapMount, after delay: useconds_t) throws {
            let command = Process()
            command.executableURL = URL(fileURLWithPath: ZswapfsProgram.path)
            command.arguments = ["swap", "on", mount.file("swap"), "--size", "16M"]
            command.standardOutput = FileHandle.nullDevice
            command.standardError = FileHandle.nullDevice
            try command.run()
            usleep(delay)
            if command.isRunning { kill(command.processIdentifier, SIGKILL) }
            command.waitUntilExit()
        }
    }
}
