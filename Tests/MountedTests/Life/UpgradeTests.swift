import Foundation
import LinuxSystem
import TestSupport
import Testing
import ZswapCore

/// `zswapfs upgrade` and `zswapfs supervise`: processes of a mount change, what it holds does not.
extension MountedTests {
    @Suite(.serialized, .enabled(if: MountHost.canMount, Comment(rawValue: MountHost.need)))
    struct UpgradeTests {
        private static let pageCount = 200

        private static func page(_ seed: Int) -> [UInt8] {
            PageContent.compressible(UInt64(seed))
        }

        private static func fill(_ file: MountedFile) throws {
            for number in 0..<pageCount {
                try file.write(page(number), at: number * Page.byteCount)
            }
        }

        private static func isWhole(_ file: MountedFile) throws -> Bool {
            try (0..<pageCount).allSatisfy { number in
                try file.read(at: number * Page.byteCount, count: Page.byteCount) == page(number)
            }
        }

        /// The program again, under another path.
        private static func copyOfProgram() throws -> TemporaryFile {
            let copy = TemporaryFile("zswapfs-\(UInt32.random(in: .min ... .max))")
            try FileManager.default.copyItem(
                atPath: try #require(BuiltProgram.zswapfs), toPath: copy.path)
            return copy
        }

        private static func program(of process: pid_t?) -> String? {
            process.flatMap {
                try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\($0)/exe")
            }
        }

        @Test func anotherVersionTakesOver() throws {
            let mount = try TemporaryMount("supervise=on")
            let file = try mount.open("area")
            try Self.fill(file)
            try mount.set("params/compressor", "lz4hc")
            let copy = try Self.copyOfProgram()
            let outcome = try BuiltProgram.run(["upgrade", mount.path, "--binary", copy.path])
            #expect(outcome.status == 0, "\(outcome)")
            #expect(Self.program(of: ServerProcess.serving(mount.path)) == copy.path)
            #expect(try Self.isWhole(file))
            #expect(try mount.number("stats/restarts") == 0)
            #expect(try mount.control("stats/last_restart").hasPrefix("an upgrade, "))
            #expect(try mount.control("params/compressor") == "lz4hc")
            // The supervisor is the new version, too, and still the same process.
            let isNew = Patience.wait(milliseconds: 5000) {
                Self.program(of: mount.daemon.identifier) == copy.path
            }
            #expect(isNew)
            #expect(ServerProcess.killAndWait(mount.path))
            #expect(Self.program(of: ServerProcess.serving(mount.path)) == copy.path)
            #expect(try Self.isWhole(file))
            #expect(try mount.number("stats/restarts") == 1)
            try file.close()
            try mount.unmount()
            #expect(mount.daemon.wait(seconds: 15)?.status == 0)
        }

        @Test func aProgramThatCannotServeChangesNothing() throws {
            let mount = try TemporaryMount("supervise=on")
            let file = try mount.open("area")
            try Self.fill(file)
            let server = ServerProcess.serving(mount.path)
            let dies = try BuiltProgram.run(["upgrade", mount.path, "--binary", "/bin/true"])
            #expect(dies.refuses(1, mount.path, "/bin/true", "it ended by status 0"), "\(dies)")
            let noProgram = try BuiltProgram.run(
                ["upgrade", mount.path, "--binary", "/etc/passwd"])
            #expect(noProgram.refuses(66, "/etc/passwd", "not a program"), "\(noProgram)")
            let missing = try BuiltProgram.run(["upgrade", mount.path, "--binary", "/no/such"])
            #expect(missing.refuses(66, "/no/such", "ENOENT"), "\(missing)")
            #expect(ServerProcess.serving(mount.path) == server)
            #expect(try Self.isWhole(file))
            try file.close()
        }

        @Test func oneThatDiesOnTrialIsFollowedByTheVersionBefore() throws {
            let mount = try TemporaryMount("supervise=on")
            let file = try mount.open("area")
            try Self.fill(file)
            let program = Self.program(of: ServerProcess.serving(mount.path))
            let old = ServerProcess.serving(mount.path)
            let copy = try Self.copyOfProgram()
            let run = try ProgramRun(
                try #require(BuiltProgram.zswapfs), ["upgrade", mount.path, "--binary", copy.path])
            let isOther = Patience.wait(milliseconds: 20_000) {
                ServerProcess.serving(mount.path).map { $0 != old } ?? false
            }
            #expect(isOther)
            let new = try #require(ServerProcess.serving(mount.path))
            #expect(Self.program(of: new) == copy.path)
            kill(new, SIGKILL)
            let outcome = try #require(run.wait(seconds: 30))
            #expect(outcome.refuses(1, "did not take over", "SIGKILL"), "\(outcome)")
            #expect(try Self.isWhole(file))
            #expect(Self.program(of: ServerProcess.serving(mount.path)) == program)
            try file.close()
        }

        @Test func withoutASupervisorNobodyTakesOver() throws {
            let mount = try TemporaryMount("supervise=off")
            let outcome = try BuiltProgram.run(["upgrade", mount.path])
            #expect(outcome.refuses(69, mount.path, "has no supervisor", "supervise=off"))
            let supervise = try BuiltProgram.run(["supervise", mount.path])
            #expect(supervise.refuses(69, mount.path, "supervise=off"), "\(supervise)")
            let elsewhere = try BuiltProgram.run(["supervise", "/tmp"])
            #expect(elsewhere.refuses(66, "/tmp"), "\(elsewhere)")
        }

        @Test func anOrphanGetsANewSupervisor() throws {
            let mount = try TemporaryMount("supervise=on")
            let backing = TemporaryFile("backing-orphan")
            try OpenFile(backing.path, for: .creating).truncate(toByteCount: 64 << 20)
            try mount.set("params/backing", backing.path)
            let file = try mount.open("area")
            try Self.fill(file)
            let supervised = try BuiltProgram.run(["supervise", mount.path])
            #expect(supervised.refuses(75, mount.path, "has a supervisor already"), "\(supervised)")
            // One that has taken over knows what is kept, too.
            #expect(ServerProcess.killAndWait(mount.path))
            try mount.set("params/writeback", "all")
            let isWritten = Patience.wait(milliseconds: 20_000) {
                (try? mount.number("stats/written_back_pages")).map { $0 >= 150 } ?? false
            }
            #expect(isWritten)
            mount.daemon.signal(SIGKILL)
            let isTold = Patience.wait(milliseconds: 10_000) {
                (try? mount.control("stats/supervision")) == "unsupervised"
            }
            #expect(isTold)
            let outcome = try BuiltProgram.run(["supervise", mount.path])
            #expect(outcome.status == 0, "\(outcome)")
            #expect(try mount.control("stats/supervision") == "supervised")
            for _ in 0..<2 {
                #expect(ServerProcess.killAndWait(mount.path))
                #expect(try Self.isWhole(file))
            }
            #expect(try mount.number("stats/restarts") == 3)
            try file.close()
            try mount.unmount()
            let isGone = Patience.wait(milliseconds: 10_000) {
                MountHost.processes(naming: mount.path).isEmpty
            }
            #expect(isGone)
        }
    }
}
