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
            let backing = try Self.makeBacking()
            try SwappedRun.run("killed") { run in
                let mount = run.mount
                try mount.set("backing", to: backing.path)
                for turn in 0..<Self.killCount {
                    if turn % 2 == 1 { try Self.change(mount, turn) }
                    let killer = Self.killer(of: mount.path, milliseconds: turn % 20 * 50)
                    #expect(try run.process.check().wrongPages.isEmpty, "turn \(turn)")
                    try run.process.refill()
                    while !killer.isFinished { usleep(10_000) }
                    #expect(try mount.number("stats/restarts") == turn + 1)
                }
                let writtenBack = try mount.number("stats/written_back_pages")
                #expect(Self.killCount < 2 || writtenBack > 0)
                print(
                    """
                    \(Self.killCount) kills, \(writtenBack) pages written back; the last kill: \
                    \(try mount.text("stats/last_restart"))
                    """)
            }
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
            try mount.set("writeback", to: "all")
        }

        /// An empty file of 512 MiB, which takes room on the disk as it is written.
        private static func makeBacking() throws -> TemporaryFile {
            let file = TemporaryFile("backing-killed-\(UInt32.random(in: .min ... .max))")
            try OpenFile(file.path, for: .creating).truncate(toByteCount: 512 << 20)
            return file
        }
    }
}
