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
                let (mount, path) = (run.mount, run.mount.path)
                try mount.set("backing", to: backing.path)
                for turn in 0..<Self.killCount {
                    if turn % 2 == 1 { try Self.change(mount, turn) }
                    let killer = Self.killer(milliseconds: turn % 20 * 50) {
                        ServerProcess.killAndWait(path)
                    }
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

        /// A fault in a thread that serves: what a trap, an abort and a bad access end with.
        @Test func aServerMayEndByItsOwnFault() throws {
            try SwappedRun.run("faulty") { run in
                let faults = [
                    (SIGILL, "ILL"), (SIGABRT, "ABRT"), (SIGSEGV, "SEGV"), (SIGBUS, "BUS"),
                ]
                let path = run.mount.path
                for (turn, (signal, name)) in faults.enumerated() {
                    let killer = Self.killer(milliseconds: 50) {
                        try ServerProcess.faultAndWait(path, by: signal)
                    }
                    #expect(try run.process.check().wrongPages.isEmpty, "SIG\(name)")
                    try run.process.refill()
                    while !killer.isFinished { usleep(10_000) }
                    #expect(try run.mount.number("stats/restarts") == turn + 1)
                    #expect(try run.mount.text("stats/last_restart").hasPrefix("SIG\(name), "))
                }
            }
        }

        /// No process takes over from a server that stands still; programs wait for it.
        @Test func aServerMayStandStill() throws {
            try SwappedRun.run("stopped") { run in
                let server = try #require(ServerProcess.serving(run.mount.path))
                #expect(kill(server, SIGSTOP) == 0)
                let waker = Thread {
                    sleep(5)
                    kill(server, SIGCONT)
                }
                waker.start()
                #expect(try run.process.check().wrongPages.isEmpty)
                #expect(waker.isFinished, "the check waits for the server")
                try run.process.refill()
                #expect(ServerProcess.serving(run.mount.path) == server)
                #expect(try run.mount.number("stats/restarts") == 0)
            }
        }

        /// The server dies in the middle of swapping in, of swapping out, and between the two.
        private static func killer(
            milliseconds: Int, _ kill: @escaping @Sendable () throws -> Bool
        ) -> Thread {
            let killer = Thread {
                usleep(useconds_t(milliseconds * 1000))
                #expect((try? kill()) == true)
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
