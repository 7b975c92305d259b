import Foundation
import LinuxSystem
import TestSupport
import Testing

/// A daemon in a memory group that is smaller than its store may be: it refuses pages, and nothing
/// ends it.
extension MountedTests {
    @Suite(
        .serialized, .timeLimit(.minutes(10)),
        .enabled(if: MemoryGroup.canBeMade, "needs root and a memory cgroup"))
    struct MemoryGroupTests {
        private static let mebibyte = 1 << 20

        private static func mount(
            in group: MemoryGroup, _ options: String..., program: String? = BuiltProgram.zswapfs
        ) throws -> TemporaryMount {
            try TemporaryMount(
                options: options, program: program,
                through: ["sh", "-c", "echo $$ > \"$0\" && exec \"$@\"", group.processesPath])
        }

        /// Writes until there is no room. Returns how many chunks were taken.
        private static func fill(_ file: MountedFile, chunkCountMax: Int) throws -> Int {
            for index in 0..<chunkCountMax {
                let chunk = (0..<16).flatMap { PageContent.incompressible(UInt64(index * 16 + $0)) }
                let failure = SystemCall.errno {
                    guard try file.write(chunk, at: index * chunk.count) == chunk.count else {
                        throw CallFailure("write", ENOSPC)
                    }
                }
                if failure == 0 { continue }
                #expect(failure == ENOSPC)
                return index
            }
            return chunkCountMax
        }

        private static func checkFilling(_ mount: TemporaryMount) throws {
            let file = try mount.open("area")
            let start = ContinuousClock.now
            let count = try fill(file, chunkCountMax: 4096)
            #expect((256..<4096).contains(count), "\(count) chunks of 64 KiB")
            #expect(ContinuousClock.now - start < .seconds(60))
            #expect(mount.daemon.isRunning, "\(mount.daemon.errorText)")
            for index in [0, count / 2, count - 1] {
                #expect(
                    try file.read(at: index * 65536, count: 4096)
                        == PageContent.incompressible(UInt64(index * 16)))
            }
            let full = try mount.number("stats/pool_total_size")
            try file.close()
            try SystemCall.remove(mount.path("area"))
            let isBack = Patience.wait(milliseconds: 60_000) {
                (try? mount.number("stats/pool_total_size")) ?? .max < mebibyte
                    && (try? mount.number("stats/reserved_size")) ?? .max < 16 * mebibyte
            }
            #expect(isBack, "the memory of \(full) bytes in pools goes back")
            let again = try fill(try mount.open("again"), chunkCountMax: 256)
            #expect(again == 256, "there is room again")
        }

        @Test(arguments: MountHost.transports) func aSmallGroupGivesENOSPC(
            transport: String
        ) throws {
            let group = try MemoryGroup("store", unswappedLimitByteCount: 160 << 20)
            let mount = try Self.mount(in: group, "transport=\(transport)", "max_pool_percent=50")
            #expect(mount.daemon.says("memory group"), "\(mount.daemon.errorText)")
            #expect(try mount.number("stats/pool_limit_size") < 160 << 20)
            try Self.checkFilling(mount)
            try mount.unmount()
            _ = mount.daemon.wait(seconds: 15)
        }

        /// The kernel kills no process there: one that asks for too much would wait for ever.
        @Test(
            .enabled(
                if: MemoryGroup.canRefuseWithoutKilling, "memory cgroups of version 1"))
        func aGroupThatEndsNobodyGivesENOSPC() throws {
            let group = try MemoryGroup("store", unswappedLimitByteCount: 160 << 20)
            try group.refuseMemory(true)
            let mount = try Self.mount(in: group, "max_pool_percent=50")
            try Self.checkFilling(mount)
            try group.refuseMemory(false)
            try mount.unmount()
            _ = mount.daemon.wait(seconds: 15)
        }

        @Test func aLimitThatChangesIsFollowed() throws {
            let group = try MemoryGroup("store", unswappedLimitByteCount: 160 << 20)
            let mount = try Self.mount(in: group, "max_pool_percent=50")
            func limitBecomes(_ range: Range<Int>) -> Bool {
                Patience.wait(milliseconds: 10_000) {
                    (try? mount.number("stats/pool_limit_size")).map(range.contains) ?? false
                }
            }
            #expect(limitBecomes(0..<160 << 20))
            try group.limit(toByteCount: 512 << 20)
            #expect(limitBecomes(256 << 20..<512 << 20))
            try group.limit(toByteCount: 128 << 20)
            #expect(limitBecomes(0..<128 << 20))
            try mount.unmount()
            _ = mount.daemon.wait(seconds: 15)
        }

        /// The group above counts as well.
        @Test func aGroupAboveCounts() throws {
            let above = try MemoryGroup("above", unswappedLimitByteCount: 160 << 20)
            let path = "\(above.path)/below"
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: false)
            defer { _ = Patience.wait(milliseconds: 5000) { rmdir(path) == 0 } }
            let mount = try TemporaryMount(
                options: ["max_pool_percent=50"],
                through: ["sh", "-c", "echo $$ > \"$0\" && exec \"$@\"", "\(path)/cgroup.procs"])
            #expect(try mount.number("stats/pool_limit_size") < 160 << 20)
            try mount.unmount()
            _ = mount.daemon.wait(seconds: 15)
        }

        /// Takes memory until the process of that number is gone, and ends.
        private static let glutton = """
            import os, sys
            server, kept = "/proc/" + sys.argv[1], []
            while os.path.exists(server) and len(kept) < 4096:
                kept.append(bytearray(b"x" * (1 << 18)))
            """

        /// The kernel ends the server for want of memory, and another one goes on.
        @Test(.enabled(if: SwapHost.has("python3"), "needs python3"))
        func aServerThatIsEndedForWantOfMemoryIsFollowed() throws {
            let group = try MemoryGroup("store", unswappedLimitByteCount: 320 << 20)
            let mount = try Self.mount(in: group, "supervise=on", "arena=64M")
            let file = try mount.open("area")
            for page in 0..<256 {
                try file.write(PageContent.incompressible(UInt64(page)), at: page * 4096)
            }
            #expect(ServerProcess.waitForStandby(mount.path))
            let server = try #require(ServerProcess.serving(mount.path))
            // Of all processes in the group the kernel takes this one.
            _ = try SystemText.setAttribute("/proc/\(server)/oom_score_adj", to: "1000")
            let glutton = try ProgramRun.finish(
                "/bin/sh", group.shellArguments("python3", ["-c", Self.glutton, "\(server)"]))
            // The server's pages lie in the shared arena and come back with nobody's end: the
            // kernel may go on to the glutton before that has seen the server's end.
            let isKilledAsWell = glutton.status == 128 + SIGKILL
            #expect(glutton.status == 0 || isKilledAsWell, "\(glutton)")
            #expect(ServerProcess.waitForOther(than: server, mount.path))
            #expect(try group.outOfMemoryKillCount() == (isKilledAsWell ? 2 : 1))
            for page in 0..<256 {
                #expect(
                    try file.read(at: page * 4096, count: 4096)
                        == PageContent.incompressible(UInt64(page)))
            }
            #expect(try mount.number("stats/restarts") == 1)
            #expect(try mount.control("stats/last_restart").hasPrefix("SIGKILL, "))
            try file.close()
            try mount.unmount()
            _ = mount.daemon.wait(seconds: 15)
        }

        @Test func aGroupWithoutRoomForTheDaemonIsToldAtOnce() throws {
            let group = try MemoryGroup("store", unswappedLimitByteCount: 20 << 20)
            let directory = try TemporaryDirectory()
            let path = try directory.makeDirectory("mount")
            let program = try #require(BuiltProgram.zswapfs)
            let outcome = try ProgramRun.finish(
                "/bin/sh", group.shellArguments(program, ["mount", path]))
            #expect(outcome.status == 69, "\(outcome)")
            #expect(outcome.errors.contains("memory group"), "\(outcome)")
        }
    }
}
