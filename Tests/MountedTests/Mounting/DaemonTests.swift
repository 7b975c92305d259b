import Foundation
import LinuxSystem
import TestSupport
import Testing

/// The life of a daemon: how it ends, and what is left when it does not end well.
extension MountedTests {
    @Suite(.serialized, .timeLimit(.minutes(10))) struct DaemonTests {
        @Test(arguments: [SIGTERM, SIGINT, SIGHUP, SIGQUIT])
        func aSignalUnmounts(signal: CInt) throws {
            let mount = try TemporaryMount()
            try mount.open("area").write([1, 2, 3], at: 0)
            mount.daemon.signal(signal)
            let outcome = try #require(mount.daemon.wait(seconds: 15))
            #expect(outcome.status == 0, "\(outcome)")
            #expect(outcome.errors.contains("unmounted"))
            #expect(!MountHost.isMounted(mount.path))
            #expect(try FileManager.default.contentsOfDirectory(atPath: mount.path).isEmpty)
        }

        @Test func anOpenFileKeepsTheMountServing() throws {
            let mount = try TemporaryMount()
            let file = try mount.open("area")
            try file.write([1, 2, 3], at: 0)
            mount.daemon.signal(SIGTERM)
            #expect(mount.daemon.says("SIGTERM refused"))
            #expect(mount.daemon.says("has a file open"))
            #expect(mount.daemon.isRunning)
            #expect(try file.read(at: 0, count: 9) == [1, 2, 3])
            try file.close()
            mount.daemon.signal(SIGTERM)
            #expect(mount.daemon.wait(seconds: 15)?.status == 0)
        }

        @Test(.enabled(if: MountHost.canAttach, "needs root, loop devices and losetup"))
        func aLoopDeviceKeepsTheMountServing() throws {
            let mount = try TemporaryMount()
            try mount.open("area").truncate(to: 8 << 20)
            let (status, text) = try SwapHost.run(
                "losetup", ["-f", "--show", "--direct-io=on", "-b", "4096", mount.path("area")])
            try #require(status == 0, "\(text)")
            let device = String(text.split(separator: "\n").last ?? "")
            var isAttached = true
            defer { if isAttached { _ = try? SwapHost.run("losetup", ["-d", device]) } }
            mount.daemon.signal(SIGTERM)
            #expect(mount.daemon.says("SIGTERM refused, pages would be lost"))
            #expect(mount.daemon.says("attached to \(device)"))
            #expect(mount.daemon.isRunning)
            let block = try MountedFile(device, O_RDWR | MountedFile.direct)
            #expect(SystemCall.errno { _ = try block.read(at: 0, count: 512) } != 0)
            try block.close()
            let refused = try BuiltProgram.run(["unmount", mount.path])
            #expect(refused.status == 75)
            #expect(refused.errors.contains("losetup -d \(device)"))
            #expect(try mount.number("stats/failed_reads") == 0)
            _ = try SwapHost.run("losetup", ["-d", device])
            isAttached = false
            // Programs that look at every new disk may keep it for a moment.
            #expect(
                Patience.wait(milliseconds: 10_000) {
                    !LoopDevice.attached().contains {
                        $0.backingPath?.hasPrefix(mount.path) == true
                    }
                })
            #expect(try BuiltProgram.run(["unmount", mount.path]).status == 0)
            #expect(mount.daemon.wait(seconds: 15)?.status == 0)
        }

        @Test func unmountedFromOutsideItEnds() throws {
            let mount = try TemporaryMount()
            try mount.open("area").write([1, 2, 3], at: 0)
            let (status, text) = try SwapHost.run("umount", [mount.path])
            #expect(status == 0, "\(text)")
            #expect(mount.daemon.wait(seconds: 15)?.status == 0)
        }

        @Test func unmountedLazilyItServesItsLastUser() throws {
            let mount = try TemporaryMount()
            let file = try mount.open("area")
            let content = PageContent.incompressible(4)
            try file.write(content, at: 0)
            let (status, text) = try SwapHost.run("umount", ["-l", mount.path])
            #expect(status == 0, "\(text)")
            #expect(!MountHost.isMounted(mount.path))
            #expect(try file.read(at: 0, count: 4096) == content)
            #expect(try file.write(content, at: 8192) == 4096)
            #expect(mount.daemon.isRunning)
            try file.close()
            #expect(mount.daemon.wait(seconds: 15)?.status == 0)
        }

        @Test func killedItLeavesADeadMountThatCanBeCleared() throws {
            let mount = try TemporaryMount("supervise=off")
            let file = try mount.open("area")
            try file.write([1, 2, 3], at: 0)
            mount.daemon.signal(SIGKILL)
            #expect(mount.daemon.wait(seconds: 15)?.status == 128 + SIGKILL)
            // The ring ends a moment before the connection; requests in between get that error.
            let first = SystemCall.errno { _ = try SystemCall.status(mount.path) }
            #expect(first == ENOTCONN || first == ECONNABORTED)
            #expect(SystemCall.errno { _ = try file.read(at: 0, count: 3) } == ENOTCONN)
            #expect(SystemCall.errno { try file.write([1], at: 0) } == ENOTCONN)
            // Both say what happened and how to go on.
            let refused = try BuiltProgram.run(["mount", mount.path])
            #expect(refused.status == 75)
            #expect(refused.errors.contains("zswapfs unmount \(mount.path)"), "\(refused)")
            let (status, text) = try SwapHost.run("umount", ["-l", mount.path])
            #expect(status == 0, "\(text)")
            try BackgroundMount(at: mount.path).check()
        }

        @Test func aDeadMountCanBeUnmountedByUs() throws {
            let mount = try TemporaryMount("supervise=off")
            mount.daemon.signal(SIGKILL)
            #expect(mount.daemon.wait(seconds: 15)?.status == 128 + SIGKILL)
            let outcome = try BuiltProgram.run(["unmount", mount.path])
            #expect(outcome.status == 0, "\(outcome)")
            #expect(!MountHost.isMounted(mount.path))
        }

        @Test func theMemoryOfADaemonIsNotTheArena() throws {
            let mount = try TemporaryMount("arena=64G")
            let byteCount = try mount.status().byteCount(of: "VmRSS")
            #expect(byteCount > 0 && byteCount < 160 << 20, "\(byteCount) for an empty store")
        }

        @Test func descriptorsAndThreadsDoNotGrow() throws {
            let mount = try TemporaryMount()
            func count(_ name: String) -> Int {
                SystemText.names(inDirectory: "/proc/\(mount.daemon.identifier)/\(name)").count
            }
            // A file that the daemon looks into every few seconds is open for a moment; and its
            // last threads start when the mount is there already.
            var before = (count("fd"), count("task"))
            for _ in 0..<10 {
                usleep(50_000)
                before = (min(before.0, count("fd")), max(before.1, count("task")))
            }
            for turn in 0..<200 {
                let file = try mount.open("area-\(turn)")
                try file.write([1], at: turn)
                try mount.set("params/zpool", Zpools.names[turn % Zpools.names.count])
                _ = try mount.control("stats/summary")
                _ = try FileManager.default.contentsOfDirectory(atPath: mount.path)
                try SystemCall.remove(mount.path("area-\(turn)"))
            }
            let isAsBefore = Patience.wait(milliseconds: 2000) {
                (count("fd"), count("task")) == before
            }
            #expect(isAsBefore, "\((count("fd"), count("task"))), and \(before) before")
        }
    }
}
