import Foundation
import LinuxSystem
import TestSupport
import Testing

/// A program that is swapped into a mount keeps its pages while the mount's servers are killed.
extension SwapTests {
    @Suite(
        .serialized, .timeLimit(.minutes(30)),
        .enabled(if: SwapMount.canSwapProcesses, SwapMount.swapNeeds))
    struct KilledServerTests {
        /// `ZSWAPFS_KILLS` asks for more.
        private static let killCount =
            getenv("ZSWAPFS_KILLS").flatMap { Int(String(cString: $0)) } ?? 4

        @Test func noByteIsWrong() throws {
            let kernelLog = try #require(KernelLog())
            let mount = try SwapMount("killed", options: ["supervise=on"])
            let device = try mount.swapOn("swap", megabyteCount: 256)
            let group = try MemoryGroup("killed", limitByteCount: 48 << 20)
            let process = try SwappedProcess(megabyteCount: 128, pages: SamplePages(), in: group)
            try mount.set("migrate", to: "background")
            for turn in 0..<Self.killCount {
                if turn % 2 == 1 { try Self.change(mount, turn) }
                let killer = Self.killer(of: mount.path, milliseconds: turn % 20 * 50)
                #expect(try process.check().wrongPages.isEmpty, "turn \(turn)")
                try process.refill()
                while !killer.isFinished { usleep(10_000) }
                #expect(try mount.number("stats/restarts") == turn + 1)
            }
            #expect(try process.check().wrongPages.isEmpty)
            print("\(Self.killCount) kills, the last one: \(try mount.text("stats/last_restart"))")
            process.end()
            try mount.swapOff("swap")
            try mount.unmount()
            let errors = kernelLog.swapErrors(of: device)
            #expect(errors.isEmpty, "\(errors)")
        }

        /// The server dies in the middle of swapping in, of swapping out, and between the two.
        private static func killer(of path: String, milliseconds: Int) -> Thread {
            let killer = Thread {
                usleep(useconds_t(milliseconds * 1000))
                _ = ServerProcess.killAndWait(path)
            }
            killer.start()
            return killer
        }

        /// Stored pages are on the move when the server dies.
        private static func change(_ mount: SwapMount, _ turn: Int) throws {
            try mount.set("zpool", to: Zpools.names[turn / 2 % Zpools.names.count])
            try mount.set("compressor", to: turn / 2 % 2 == 0 ? "zstd" : "lz4")
            try mount.set("compact", to: "1")
        }
    }
}
