import Foundation
import LinuxSystem
import TestSupport
import Testing

/// Commands in a mount namespace that does not show the mount: swap belongs to the machine, and is
/// found by its device. Nothing is swapped here.
extension SwapTests {
    @Suite(
        .serialized, .timeLimit(.minutes(10)),
        .enabled(
            if: SwapHost.canSwap && MountHost.canMount
                && (try? SwapHost.run("unshare", ["-m", "true"]))?.0 == 0,
            "needs CAP_SYS_ADMIN, loop devices, /dev/fuse, mount namespaces, the built zswapfs"))
    struct MountNamespaceTests {
        /// Runs a command where `mount` has been taken away.
        private static func runWithout(
            _ mount: TemporaryMount, _ arguments: [String]
        ) throws -> ProgramRun.Outcome {
            let program = try #require(BuiltProgram.zswapfs)
            let script = "umount -l \"$0\" && exec \"$@\""
            return try ProgramRun.finish(
                "/usr/bin/env",
                ["unshare", "-m", "bash", "-c", script, mount.path, program] + arguments,
                seconds: 60)
        }

        @Test(arguments: MountHost.transports)
        func theDeviceIsFoundThere(transport: String) throws {
            let turn = try SwapHost.waitForTurn()
            let mount = try TemporaryMount("transport=\(transport)")
            let device = try AreaInUseTests.swap(mount, "area", by: .command)
            defer { AreaInUseTests.off(device) }
            let status = try Self.runWithout(mount, ["status"])
            #expect(status.output.contains(device.path), "\(status)")
            let byArea = try Self.runWithout(mount, ["swap", "off", mount.path("area")])
            #expect(byArea.status == 0, "\(byArea)")
            #expect(device.backingPath == nil)
            let again = try AreaInUseTests.swap(mount, "area", by: .command)
            defer { AreaInUseTests.off(again) }
            let byDevice = try Self.runWithout(mount, ["swap", "off", again.path])
            #expect(byDevice.status == 0, "\(byDevice)")
            #expect(again.backingPath == nil)
            withExtendedLifetime(turn) {}
        }

        /// Nothing there says which mount the device's file is on, and asking the device would wait
        /// for the daemon.
        @Test(arguments: MountHost.transports)
        func aStoppedDaemonIsTold(transport: String) throws {
            let turn = try SwapHost.waitForTurn()
            let mount = try TemporaryMount("transport=\(transport)")
            let device = try AreaInUseTests.swap(mount, "area", by: .command)
            defer { AreaInUseTests.off(device) }
            let daemon = mount.daemon
            daemon.signal(SIGSTOP)
            defer { daemon.signal(SIGCONT) }
            try #require(
                Patience.wait(milliseconds: 5000) { ProcessTable.isStopped(daemon.identifier) })
            // The kernel's copy of the area's attributes expires.
            usleep(1_200_000)
            let begin = ContinuousClock.now
            let outcome = try Self.runWithout(mount, ["swap", "off", device.path])
            #expect(outcome.refuses(1, device.path, "does not answer"), "\(outcome)")
            #expect(begin.duration(to: .now) < .seconds(30))
            daemon.signal(SIGCONT)
            let off = try Self.runWithout(mount, ["swap", "off", device.path])
            #expect(off.status == 0, "\(off)")
            withExtendedLifetime(turn) {}
        }
    }
}
