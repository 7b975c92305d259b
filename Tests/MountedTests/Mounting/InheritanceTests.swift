import Foundation
import LinuxSystem
import TestSupport
import Testing

/// Limits and signals that a daemon inherits, or that other processes send it, do not end it.
extension MountedTests {
    @Suite(.serialized, .timeLimit(.minutes(10))) struct InheritanceTests {
        private static let fatal: [CInt] = [
            SIGKILL, SIGSTOP, SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS,
            SIGFPE, SIGSEGV, SIGSYS,
        ]

        @Test(arguments: MountHost.transports) func noOtherSignalEndsIt(transport: String) throws {
            let mount = try TemporaryMount("transport=\(transport)")
            let file = try mount.open("area")
            let content = PageContent.incompressible(7)
            try file.write(content, at: 0)
            for number in 1...64 where !Self.fatal.contains(CInt(number)) {
                mount.daemon.signal(CInt(number))
                #expect(try file.read(at: 0, count: 4096) == content, "after signal \(number)")
            }
            #expect(mount.daemon.isRunning)
            let state = try SystemText.read("/proc/\(mount.daemon.identifier)/status")
            #expect(!state.contains("stopped"))
        }

        /// Soft limits are raised; the mask, and descriptors that are closed, do no harm.
        @Test(arguments: [
            "ulimit -S -f 1024", "ulimit -S -t 1", "ulimit -S -v 4000000", "ulimit -S -n 20",
            "ulimit -S -d 200000", "umask 777", "exec <&-", "exec >&-", "exec <&- >&- 2>&-",
            "cd / && unset PATH HOME LANG",
        ])
        func whatCanBeUndoneIsUndone(setting: String) throws {
            let program = try #require(BuiltProgram.zswapfs)
            let directory = try TemporaryDirectory()
            let path = try directory.makeDirectory("mount")
            let mount = try BackgroundMount(at: path, program: "/bin/bash") { path in
                ["-c", "\(setting); exec \"$0\" mount \"$1\"", program, path]
            }
            try mount.check()
        }

        @Test(arguments: [
            ("-f 1024", "ulimit -f"), ("-t 100", "ulimit -t"), ("-n 20", "ulimit -n"),
            ("-v 4000000", "ulimit -v"), ("-d 150000", "ulimit -d"),
        ])
        func aHardLimitIsTold(limit: String, text: String) throws {
            let program = try #require(BuiltProgram.zswapfs)
            let directory = try TemporaryDirectory()
            let path = try directory.makeDirectory("mount")
            let outcome = try ProgramRun.finish(
                "/bin/bash", ["-c", "ulimit \(limit); exec \"$0\" mount \"$1\"", program, path])
            #expect(outcome.status == 69, "\(outcome)")
            #expect(outcome.errors.contains(text), "\(outcome)")
            #expect(!MountHost.isMounted(path))
        }

        /// The limit of threads does not apply to root. In a mount namespace with a /dev/fuse for
        /// every user.
        @Test(
            .enabled(
                if: SwapHost.has("setpriv") && SwapHost.has("fusermount3"),
                "needs setpriv and fusermount3"), arguments: [2, 5, 12])
        func aLimitOfThreadsIsTold(count: Int) throws {
            let program = try #require(BuiltProgram.zswapfs)
            let directory = try TemporaryDirectory()
            let path = try directory.makeDirectory("mount")
            try SystemCall.run("chmod") { chmod(directory.path, 0o755) }
            try SystemCall.run("chown") { chown(path, 65534, 65534) }
            let script = """
                mount -t tmpfs none /dev && mknod -m 666 /dev/fuse c 10 229 \
                    && mknod -m 666 /dev/null c 1 3 && cp "$0" /dev/zswapfs || exit 99
                exec setpriv --reuid=65534 --regid=65534 --clear-groups \
                    bash -c 'ulimit -u "$0"; exec /dev/zswapfs mount "$1"' "$1" "$2"
                """
            let outcome = try ProgramRun.finish(
                "/usr/bin/env", ["unshare", "-m", "bash", "-c", script, program, "\(count)", path])
            #expect(outcome.refuses(69, "ulimit -u", "of \(count)"), "\(outcome)")
            #expect(!MountHost.isMounted(path))
        }

        @Test func itIsCalledByItsName() throws {
            let directory = try TemporaryDirectory()
            let path = try directory.makeDirectory("mount")
            let mount = try BackgroundMount(at: path)
            let daemon = try #require(mount.daemon)
            #expect(try SystemText.attribute("/proc/\(daemon)/comm") == "zswapfs")
        }
    }
}
