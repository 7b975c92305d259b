import Foundation
import LinuxSystem
import TestSupport
import Testing

/// Paths and names that mislead: as a backing store, by a file and by an option, and in messages.
extension MountedTests {
    @Suite(.serialized, .timeLimit(.minutes(10))) struct HostilePathTests {
        private let directory: TemporaryDirectory

        init() throws { directory = try TemporaryDirectory() }

        private func makeFile(_ name: String, byteCount: Int = 8 << 20) throws -> String {
            let path = directory.path(name)
            try OpenFile(path, for: .creating).truncate(toByteCount: UInt64(byteCount))
            return path
        }

        /// Paths at which no backing store is.
        private func makeUnusable() throws -> [String] {
            let target = try makeFile("target")
            let (pipe, socket) = (directory.path("pipe"), directory.path("socket"))
            try SystemCall.run("mkfifo") { mkfifo(pipe, 0o600) }
            try SystemCall.run("mknod") { mknod(socket, S_IFSOCK | 0o600, 0) }
            for (text, name) in [
                ("nowhere", "dangling"), ("loop", "loop"), (pipe, "to-pipe"),
                ("/dev/null", "to-null"),
                ("/proc/self/mem", "to-memory"),
            ] {
                try SystemCall.run("symlink") { symlink(text, directory.path(name)) }
            }
            let deep = String(repeating: "/a", count: 3000)
            return [
                pipe, socket, directory.path, directory.path + "/", "/", "/dev/null", "/dev/zero",
                "/dev/fuse", "/dev/stdin", "/proc/self/mem", "/proc/self/fd/0",
                "/proc/sys/kernel/core_pattern", "relative", "./relative", "../relative", "~/file",
                target + "/", target + "/.", directory.path("a\nb"), "\(target)\nNone", deep,
                "/" + String(repeating: "n", count: 300), directory.path("dangling"),
                directory.path("loop"), directory.path("to-pipe"), directory.path("to-null"),
                directory.path("to-memory"),
            ]
        }

        /// By a program that can be ended if it hangs. True: it was taken.
        private func set(_ path: String, of mount: TemporaryMount) throws -> Bool {
            let command = "printf %s \"$0\" | timeout -k 5 30 dd of=\"$1\" bs=64k status=none"
            let outcome = try ProgramRun.finish(
                "/bin/sh", ["-c", command, path, mount.path("params/backing")], seconds: 60)
            #expect(outcome.status != 124 && outcome.status != 137, "\(path) hangs")
            return outcome.status == 0
        }

        @Test func noneOfTheseIsTakenByTheFile() throws {
            let mount = try TemporaryMount()
            for path in try makeUnusable() {
                #expect(try !set(path, of: mount), "\(path)")
                #expect(try mount.control("params/backing") == "none", "\(path)")
                #expect(try mount.control("stats/backing") == "path none", "\(path)")
            }
            // The file that some of them name was not written to.
            let target = try #require(
                FileManager.default.contents(atPath: directory.path("target")))
            #expect(target.allSatisfy { $0 == 0 })
        }

        @Test func noneOfTheseIsTakenByTheOption() throws {
            let place = try directory.makeDirectory("mount")
            for path in try makeUnusable() {
                let outcome = try BuiltProgram.run(["mount", place, "-o", "backing=\(path)"])
                #expect(outcome.status == 64, "\(path): \(outcome)")
                #expect(!outcome.errors.isEmpty, "\(path)")
                #expect(!MountHost.isMounted(place), "\(path)")
            }
            #expect(MountHost.processes(naming: place).isEmpty)
        }

        /// A file may be called so. Each place that shows it stays on one line.
        @Test func aNewlineInAPathForgesNothing() throws {
            let mount = try TemporaryMount()
            let path = try makeFile("store\nstate forged\nzswapfs: error: forged\u{1b}[2J")
            #expect(try set(path, of: mount))
            func lines(_ text: String) -> [Substring] { text.split(separator: "\n") }
            for name in ["stats/backing", "stats/summary", "stats/metrics"] {
                let forged = lines(try mount.control(name)).filter {
                    $0.hasPrefix("state forged") || $0.hasPrefix("zswapfs: error")
                }
                #expect(forged.isEmpty, "\(name)")
            }
            let status = try BuiltProgram.run(["status", mount.path])
            #expect(status.status == 0, "\(status)")
            #expect(!lines(status.output).contains { $0.hasPrefix("state forged") })
            #expect(!status.output.contains("\u{1b}"))
            let json = try BuiltProgram.run(["status", "--json", mount.path])
            let value = try JSONSerialization.jsonObject(with: Data(json.output.utf8))
            #expect((value as? [Any])?.count == 1)
            // A refusal of it is one message of the log.
            #expect(try !set(path + "\nzswapfs: error: of nothing", of: mount))
            #expect(mount.daemon.says("there is no such file"))
            let said = lines(mount.daemon.errorText)
            #expect(said.allSatisfy { !$0.hasPrefix("zswapfs: error") && !$0.contains("\u{1b}") })
            #expect(said.allSatisfy { $0.hasPrefix("zswapfs: ") }, "\(said)")
        }

        @Test func aNewlineInAnAreasNameForgesNothing() throws {
            let mount = try TemporaryMount()
            let name = "a\narea forged: 1\nzswapfs_forged 1\n\u{1b}[2J\"}"
            let area = try mount.open(name)
            try area.write(PageContent.incompressible(1), at: 0)
            let places = ["stats/summary", "stats/metrics", "stats/area_devices"]
            for place in places where SystemCall.exists(mount.path(place)) {
                let text = try mount.control(place)
                let forged = text.split(separator: "\n").filter {
                    $0.hasPrefix("area forged") || $0.hasPrefix("zswapfs_forged")
                }
                #expect(forged.isEmpty, "\(place)")
            }
            for words in [["status"], ["pools"]] {
                let outcome = try BuiltProgram.run(words + [mount.path])
                #expect(outcome.status == 0, "\(outcome)")
                #expect(!outcome.output.contains("\u{1b}"), "\(words)")
                #expect(!outcome.output.contains("\narea forged"), "\(words)")
                let json = try BuiltProgram.run(words + ["--json", mount.path])
                _ = try JSONSerialization.jsonObject(with: Data(json.output.utf8))
            }
        }
    }
}
