import Foundation
import LinuxSystem
import TestSupport
import Testing

/// A program that is swapped into a mount keeps its pages while other versions take the mount over.
extension SwapTests {
    @Suite(
        .serialized, .timeLimit(.minutes(30)),
        .enabled(if: SwapMount.canSwapProcesses, SwapMount.swapNeeds))
    struct UpgradedServerTests {
        /// `ZSWAPFS_UPGRADES` asks for more.
        private static let upgradeCount =
            getenv("ZSWAPFS_UPGRADES").flatMap { Int(String(cString: $0)) } ?? 3

        @Test func noByteIsWrong() throws {
            let copy = TemporaryFile("zswapfs-\(UInt32.random(in: .min ... .max))")
            try FileManager.default.copyItem(atPath: ZswapfsProgram.path, toPath: copy.path)
            try SwappedRun.run("upgraded") { run in
                let (mount, process) = (run.mount, run.process)
                for turn in 0..<Self.upgradeCount {
                    let program = turn % 2 == 0 ? copy.path : ZswapfsProgram.path
                    let upgrader = Self.upgrade(
                        mount.path, to: program, afterMilliseconds: turn * 50)
                    #expect(try process.check().wrongPages.isEmpty, "turn \(turn)")
                    try process.refill()
                    #expect(Patience.wait(milliseconds: 60_000) { upgrader.isFinished })
                }
                #expect(try mount.text("stats/last_restart").hasPrefix("an upgrade, "))
                // One that dies at once changes nothing.
                let refused = try ZswapfsProgram.run(
                    ["upgrade", mount.path, "--binary", "/bin/true"])
                #expect(refused.status == 1, "\(refused)")
                #expect(try mount.number("stats/restarts") == 0)
                print("\(Self.upgradeCount) upgrades: \(try mount.text("stats/last_restart"))")
            }
        }

        private static func upgrade(
            _ path: String, to program: String, afterMilliseconds milliseconds: Int
        ) -> Thread {
            let thread = Thread {
                usleep(useconds_t(milliseconds % 1000 * 1000))
                let outcome = try? ZswapfsProgram.run(["upgrade", path, "--binary", program])
                #expect(outcome?.status == 0, "\(outcome?.output ?? "not run")")
            }
            thread.start()
            return thread
        }
    }
}
