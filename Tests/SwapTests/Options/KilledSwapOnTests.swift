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
                if try Self.settles(mount) { offCount += 1 }
            }
            #expect(offCount > 0, "no round was early enough")
            _ = try mount.swapOn("swap", megabyteCount: 16)
            try mount.swapOff("swap")
            try mount.unmount()
        }

        /// Waits until nothing is left of the command, or switches its swap off; true when swap was
        /// not on. Others may keep the device for a while: programs that look at every new disk,
        /// commands of other tests that look for devices.
        private static func settles(_ mount: SwapMount) throws -> Bool {
            var isOn = false
            let isSettled = try Patience.wait(milliseconds: 20_000) {
                isOn = try mount.swapEntry("swap") != nil
                return isOn || mount.devices.isEmpty
            }
            #expect(isSettled, "left: \(evidence(mount))")
            if isOn { try mount.swapOff("swap") }
            let isFree = Patience.wait(milliseconds: 20_000) { mount.devices.isEmpty }
            #expect(isFree, "left after swap off: \(evidence(mount))")
            return !isOn
        }

        /// The devices that are left, what the kernel swaps to, and who has a loop device open.
        private static func evidence(_ mount: SwapMount) -> String {
            let holders = SystemText.names(inDirectory: "/proc").filter { Int($0) != nil }
                .flatMap { process in
                    SystemText.names(inDirectory: "/proc/\(process)/fd").compactMap { file in
                        SystemText.linkTarget("/proc/\(process)/fd/\(file)")
                    }
                    .filter { $0.hasPrefix("/dev/loop") }.map { "\(process): \($0)" }
                }
            let table = (try? SystemText.read("/proc/swaps")) ?? "no table"
            return "\(mount.devices.map(\.path)); open: \(holders); \(table)"
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
