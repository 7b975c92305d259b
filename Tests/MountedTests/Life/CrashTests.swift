import Foundation
import LinuxSystem
import TestSupport
import Testing
import ZswapCore

/// The end of a daemon by its own fault: at once, and with the reason in the log.
extension MountedTests {
    @Suite(.serialized, .timeLimit(.minutes(10))) struct CrashTests {
        /// Runs with the system's log and /dev of its own, where a socket takes what is logged.
        /// Prints the log's last line.
        private static let script = """
            mount -t tmpfs none /dev && mknod -m 666 /dev/fuse c 10 229 || exit 99
            for name in null:3 zero:5 urandom:9; do mknod "/dev/${name%:*}" c 1 "${name#*:}"; done
            exec python3 - "$@" <<'END'
            import os, socket, subprocess, sys
            log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            log.bind("/dev/log")
            log.settimeout(20)
            program, path, transport, number = sys.argv[1:]
            options = "supervise=off,transport=" + transport
            subprocess.run([program, "mount", path, "-o", options], check=True)
            first = log.recv(4096).decode()
            open(path + "/area", "wb").write(os.urandom(1 << 20))
            os.kill(int(first.split("[")[1].split("]")[0]), int(number))
            print(log.recv(4096).decode())
            END
            """

        @Test(
            .enabled(
                if: (try? SwapHost.run("unshare", ["-m", "python3", "-c", ""]))?.0 == 0,
                "needs mount namespaces and python3"),
            arguments: MountHost.transports)
        func theSystemsLogHasTheReason(transport: String) throws {
            let directory = try TemporaryDirectory()
            let path = try directory.makeDirectory("mount")
            let program = try #require(BuiltProgram.zswapfs)
            let outcome = try ProgramRun.finish(
                "/usr/bin/env",
                ["unshare", "-m", "bash", "-c", Self.script, "bash", program, path, transport]
                    + ["\(SIGSEGV)"], seconds: 60)
            #expect(outcome.status == 0, "\(outcome)")
            #expect(outcome.output.hasPrefix("<26>zswapfs["), "\(outcome)")
            #expect(outcome.output.contains("ended by SIGSEGV from process"), "\(outcome)")
            #expect(outcome.output.contains(", thread zswapfs"), "\(outcome)")
            let isGone = Patience.wait(milliseconds: 5000) {
                MountHost.processes(naming: path).isEmpty
            }
            #expect(isGone)
        }

        /// The kernel notices at once, not after seconds; requests that wait fail.
        @Test(arguments: MountHost.transports, [SIGILL, SIGABRT, SIGBUS, SIGSEGV])
        func aFaultEndsTheMountAtOnce(transport: String, signal: CInt) throws {
            let mount = try TemporaryMount("transport=\(transport)")
            try mount.open("area").write([UInt8](repeating: 7, count: 1 << 20), at: 0)
            mount.daemon.signal(signal)
            let isGone = Patience.wait(milliseconds: 3000) {
                SystemCall.errno { _ = try mount.control("stats/stored_pages") } != 0
            }
            #expect(isGone)
            let outcome = try #require(mount.daemon.wait(seconds: 5))
            #expect(outcome.status == 128 + signal)
            #expect(outcome.errors.contains("from process \(getpid()), thread zswapfs"))
        }

        @Test func aFailedCheckIsTold() async throws {
            let result = await #expect(
                processExitsWith: .signal(SIGILL), observing: [\.standardErrorContent]
            ) { try CrashTests.failACheck() }
            try Self.expectReason(result?.standardErrorContent)
        }

        /// The optimizer takes the message of a `precondition` away.
        @Test(
            .enabled(if: BuiltProgram.isOptimized, "needs an optimized build, see Docs/Hacking.md"))
        func aFailedCheckIsToldInAnOptimizedBuild() async throws {
            let result = await #expect(
                processExitsWith: .signal(SIGILL), observing: [\.standardErrorContent]
            ) { try CrashTests.failACheck() }
            try Self.expectReason(result?.standardErrorContent)
        }

        static func failACheck() throws {
            CrashReport.install(usesLog: false)
            let number = getpid()
            invariant(number == 0, "the number is \(number)")
        }

        private static func expectReason(_ errors: [UInt8]?) throws {
            let text = String(decoding: try #require(errors), as: UTF8.self)
            let pattern =
                #/a bug: the number is \d+ \(MountedTests/CrashTests.swift:\d+\), thread \S+/#
            #expect(text.contains(pattern), "\(text)")
        }
    }
}
