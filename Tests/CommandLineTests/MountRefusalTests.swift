import Foundation
import LinuxSystem
import TestSupport
import Testing

/// Everything that can be wrong with `zswapfs mount`: a message, a status, and nothing left behind.
extension CommandLineTests {
    @Suite(
        .serialized, .timeLimit(.minutes(10)),
        .enabled(if: MountHost.canMount, "needs root, /dev/fuse and the built zswapfs to mount"))
    struct MountRefusalTests {
        private let directory: TemporaryDirectory
        private let path: String

        init() throws {
            directory = try TemporaryDirectory()
            path = try directory.makeDirectory("mount")
        }

        /// Runs `zswapfs mount` and sees that it left nothing; the words must be in its message.
        private func expectRefusal(
            _ status: Int32, _ words: String..., arguments: [String],
            location: SourceLocation = #_sourceLocation
        ) throws {
            for foreground in [[], ["--foreground"]] {
                let outcome = try BuiltProgram.run(["mount"] + arguments + foreground, seconds: 20)
                #expect(outcome.status == status, "\(outcome)", sourceLocation: location)
                #expect(outcome.output.isEmpty, sourceLocation: location)
                for word in words {
                    #expect(outcome.errors.contains(word), "\(outcome)", sourceLocation: location)
                }
                #expect(
                    outcome.errors.split(separator: "\n").count == 1, "\(outcome)",
                    sourceLocation: location)
                let isGone = Patience.wait(milliseconds: 3000) {
                    MountHost.processes(naming: path).isEmpty
                }
                #expect(isGone, "a daemon is left", sourceLocation: location)
                #expect(!MountHost.isMounted(path), sourceLocation: location)
            }
        }

        /// All found the directory free when they looked first.
        @Test func ofMountsAtTheSameTimeOneSucceeds() throws {
            let program = try #require(BuiltProgram.zswapfs)
            let runs = try (0..<4).map { _ in try ProgramRun(program, ["mount", path]) }
            let statuses = runs.compactMap { $0.wait(seconds: 60)?.status }
            #expect(statuses.filter { $0 == 0 }.count == 1, "\(statuses)")
            #expect(statuses.filter { $0 == 75 }.count == 3, "\(statuses)")
            #expect(try BuiltProgram.run(["unmount", path]).status == 0)
            #expect(!MountHost.isMounted(path))
        }

        @Test(arguments: [
            ("nosuch", ["nosuch", "unknown option", "zpool"]),
            ("nosuch=1", ["nosuch", "unknown option"]), ("ro", ["ro"]),
            ("arena=1", ["arena=1", "16"]), ("arena=15M", ["arena=15M", "16"]),
            ("arena=17T", ["arena=17T", "16"]), ("arena=much", ["arena=much"]),
            ("arena", ["arena="]),
            ("arena=-1", ["arena=-1"]), ("chain=3", ["chain=3", "4 to 16"]),
            ("chain=17", ["chain=17", "4 to 16"]), ("chain=x", ["chain=x", "4 to 16"]),
            ("chain", ["chain", "needs a value"]),
            ("max_pool_percent=101", ["max_pool_percent=101", "0 to 100"]),
            ("max_pool_percent=-1", ["max_pool_percent=-1", "0 to 100"]),
            ("max_pool_percent=x", ["max_pool_percent=x", "0 to 100"]),
            ("max_pool_percent", ["max_pool_percent", "needs a value"]),
            ("accept_threshold_percent=101", ["accept_threshold_percent=101", "0 to 100"]),
            ("enabled=maybe", ["enabled=maybe", "Y nor N"]), ("zpool", ["zpool", "needs a value"]),
            ("zpool=", ["zpool", "needs a value"]), ("compact=1", ["compact", "unknown option"]),
            ("areas/a/max_bytes=1", ["areas/a/max_bytes", "unknown option"]),
            ("areas/NAME/max_bytes=1", ["areas/NAME/max_bytes", "unknown option"]),
            ("transport=nosuch", ["transport=nosuch", "auto, uring, dev"]),
            ("transport", ["transport="]), ("fsname=", ["fsname="]),
            ("rw,zpool=zbud,chain=99", ["chain=99"]),
        ])
        func badOptionsAreNamed(option: String, words: [String]) throws {
            let outcome = try BuiltProgram.run(["mount", path, "-o", option])
            #expect(outcome.status == 64, "\(outcome)")
            for word in words { #expect(outcome.errors.contains(word), "\(outcome)") }
            #expect(outcome.errors.hasPrefix("zswapfs: "), "\(outcome)")
            #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome)")
            #expect(!MountHost.isMounted(path))
            #expect(MountHost.processes(naming: path).isEmpty)
        }

        @Test func aMissingDirectory() throws {
            let missing = directory.path("missing")
            try expectRefusal(66, missing, "no such directory", arguments: [missing])
            #expect(!SystemCall.exists(missing))
            try expectRefusal(66, "no such directory", arguments: [""])
        }

        @Test func aFileInsteadOfADirectory() throws {
            let file = directory.path("file")
            _ = try MountedFile(file)
            try expectRefusal(66, file, "not a directory", arguments: [file])
            try expectRefusal(66, "not a directory", arguments: [file + "/below"])
            try SystemCall.run("symlink") { symlink("loop", directory.path("loop")) }
            try expectRefusal(1, "loop", arguments: [directory.path("loop")])
        }

        @Test func aDirectoryWithAMount() throws {
            let mount = try TemporaryMount()
            let outcome = try BuiltProgram.run(["mount", mount.path])
            #expect(outcome.refuses(75, mount.path, "mounted here already", "zswapfs unmount"))
            // By another way to the same place, too.
            let link = directory.path("link")
            try SystemCall.run("symlink") { symlink(mount.path, link) }
            #expect(try BuiltProgram.run(["mount", link]).refuses(75, "mounted here already"))
            #expect(MountHost.processes(naming: mount.path).count == 1)
            #expect(try mount.control("params/zpool") == "zsmalloc")
        }

        @Test(.enabled(if: MountHost.canDropPrivileges, "needs root and setpriv to run as nobody"))
        func aUserWithoutPermission() throws {
            let program = try #require(BuiltProgram.zswapfs)
            let outcome = try MountHost.asNobody(program, ["mount", path])
            #expect(outcome.status == 77, "\(outcome)")
            #expect(!outcome.errors.isEmpty)
            #expect(MountHost.processes(naming: path).isEmpty)
            #expect(!MountHost.isMounted(path))
        }

        /// fusermount3 refuses the mount where every user may open /dev/fuse, as on most
        /// distributions.
        @Test(
            .enabled(if: MountHost.canDropPrivileges && canUnshare, "needs root and setpriv"))
        func aUserWhoMayOpenTheDevice() throws {
            let program = try #require(BuiltProgram.zswapfs)
            let script = """
                cp -a /dev/fuse "$1/../fuse" && chmod 666 "$1/../fuse" \
                && mount --bind "$1/../fuse" /dev/fuse \
                && exec setpriv --reuid=65534 --regid=65534 --clear-groups "$0" mount "$1"
                """
            let outcome = try ProgramRun.finish(
                "/usr/bin/env", ["unshare", "-m", "sh", "-c", script, program, path])
            #expect(outcome.status == 77, "\(outcome)")
            #expect(outcome.errors.contains("may not be mounted at"), "\(outcome)")
            #expect(MountHost.processes(naming: path).isEmpty)
        }

        private static let canUnshare =
            (try? SwapHost.run("unshare", ["-m", "true"]))?.0 == 0

        /// In a mount namespace of its own, where /dev/fuse is something else or nothing.
        @Test(
            .enabled(
                if: canUnshare, "needs root and mount namespaces"),
            arguments: [
                ("mount --bind /dev/null /dev/fuse", Int32(69)), ("mount -t tmpfs none /dev", 69),
            ])
        func noFuseDevice(hide: String, status: Int32) throws {
            let program = try #require(BuiltProgram.zswapfs)
            for foreground in ["", "--foreground"] {
                let outcome = try ProgramRun.finish(
                    "/usr/bin/env",
                    [
                        "unshare", "-m", "sh", "-c",
                        "\(hide) && exec \"$0\" mount \"$1\" \(foreground)", program, path,
                    ])
                #expect(outcome.status == status, "\(outcome)")
                #expect(outcome.errors.contains("/dev/fuse"), "\(outcome)")
                #expect(MountHost.processes(naming: path).isEmpty)
            }
        }
    }
}
