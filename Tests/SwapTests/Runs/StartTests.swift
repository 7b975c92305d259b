import Foundation
import LinuxSystem
import TestSupport
import Testing

@testable import ZswapfsCommand

/// `zswapfs start` and `stop` on the machine: a mount and its areas as a file describes them.
extension SwapTests {
    @Suite(
        .serialized, .timeLimit(.minutes(5)),
        .enabled(
            if: SwapHost.canSwap && MountHost.canMount,
            "needs CAP_SYS_ADMIN, /dev/fuse, loop devices, a built zswapfs"))
    final class StartTests {
        private let directory: TemporaryDirectory
        private let turn: OpenFile
        private var path: String { directory.path("deep/mount") }
        private var file: String { directory.path("zswapfs.conf") }

        init() throws {
            turn = try SwapHost.waitForTurn()
            directory = try TemporaryDirectory()
            try write("size = 64M\npriority = 0\nmax_bytes = 16M\n")
        }

        deinit {
            for device in devices { try? SwapOff.turnOff(device) }
            while MountHost.isMounted(path), umount2(path, CInt(MNT_DETACH)) == 0 {}
        }

        private func write(_ area: String) throws {
            let text = """
                [test]
                mount_point = \(path)
                arena = min(ram, 64M)
                zpool = zbud
                [test/swap]
                \(area)
                """
            try text.write(toFile: file, atomically: true, encoding: .utf8)
        }

        private func run(_ words: String...) throws -> ZswapfsProgram.Outcome {
            try ZswapfsProgram.run(words + ["--config", file])
        }

        private var devices: [LoopDevice] {
            LoopDevice.attached().filter { $0.backingPath?.hasPrefix(path + "/") == true }
        }

        private func value(_ name: String) throws -> String? {
            try SystemText.attribute("\(path)/\(name)")
        }

        @Test func aSectionIsStartedAndStopped() throws {
            let started = try run("start", "test")
            #expect(started.status == 0, "\(started)")
            #expect(started.output.contains("mounted \(path)"), "\(started)")
            #expect(started.output.contains("swap on \(path)/swap: /dev/loop"), "\(started)")
            #expect(try value("params/zpool") == "zbud")
            #expect(try value("params/areas/swap/max_bytes") == "\(16 << 20)")
            let device = try #require(devices.first)
            let entry = try #require(try SwapTable.current().entry(for: device))
            #expect(entry.priority == 0 && entry.byteCount == 64 << 20 - 4096)
            // Once more: what is there stays as it is.
            #expect(try run("start").output.isEmpty)
            #expect(devices == [device])
            let stopped = try run("stop", "test")
            #expect(stopped.status == 0 && stopped.output.isEmpty, "\(stopped)")
            #expect(devices.isEmpty && !MountHost.isMounted(path))
            #expect(try run("stop", "test").status == 0)
        }

        @Test func anAreaThatWasSwitchedOffIsSwitchedOnAgain() throws {
            #expect(try run("start", "test").status == 0)
            #expect(try ZswapfsProgram.run(["swap", "off", "\(path)/swap"]).status == 0)
            let again = try run("start", "test")
            #expect(again.status == 0 && !again.output.contains("mounted"), "\(again)")
            #expect(again.output.contains("swap on"), "\(again)")
            #expect(try run("stop", "test").status == 0)
        }

        @Test func areasThatTheFileDoesNotNameAreSwitchedOffToo() throws {
            #expect(try run("start", "test").status == 0)
            let more = ["swap", "on", "\(path)/more", "--size", "1M", "--priority", "0"]
            #expect(try ZswapfsProgram.run(more).status == 0)
            #expect(devices.count == 2)
            let stopped = try run("stop", "test")
            #expect(stopped.status == 0, "\(stopped)")
            #expect(devices.isEmpty && !MountHost.isMounted(path))
        }

        @Test func aMistakeTouchesNothing() throws {
            try write("size = 64M\npriority = high\n")
            for words in [["start", "test"], ["start"], ["start", "--check"], ["stop", "test"]] {
                let outcome = try ZswapfsProgram.run(words + ["--config", file])
                #expect(outcome.status == 64, "\(outcome)")
                #expect(outcome.output.contains("\(file):7: priority = high: not a whole number"))
            }
            #expect(!FileManager.default.fileExists(atPath: directory.path("deep")))
        }

        @Test func anUnknownSectionIsTold() throws {
            let outcome = try run("start", "tset")
            #expect(outcome.status == 66 && outcome.output.contains("did you mean 'test'?"))
            let alone = try run("start", "--foreground")
            #expect(alone.status == 64 && alone.output.contains("name its section"), "\(alone)")
        }

        /// What it held is lost: to go on as if it served would hide that.
        @Test func aMountWhoseDaemonHasDiedIsTold() throws {
            let text = "[test]\nmount_point = \(path)\nsupervise = off\n"
            try text.write(toFile: file, atomically: true, encoding: .utf8)
            #expect(try run("start", "test").status == 0)
            for process in MountHost.processes(naming: path) { kill(process, SIGKILL) }
            #expect(Patience.wait(milliseconds: 10_000) { access(path, F_OK) != 0 })
            let again = try run("start", "test")
            #expect(again.status == 75 && again.output.contains("has died"), "\(again)")
            #expect(try run("stop", "test").status == 0)
            #expect(!MountHost.isMounted(path))
            #expect(try run("start", "test").status == 0)
            #expect(try run("stop", "test").status == 0)
        }

        @Test func inTheForegroundOnlyTheMountIsServed() throws {
            let program = try #require(BuiltProgram.zswapfs)
            let unit = try ProgramRun(program, ["start", "test", "--foreground", "--config", file])
            let serves = Patience.wait(milliseconds: 20_000) { MountHost.isMounted(path) }
            #expect(serves && devices.isEmpty, "\(unit.errorText)")
            #expect(try run("start", "test").output.hasPrefix("swap on"))
            #expect(devices.count == 1)
            #expect(try run("stop", "test").status == 0)
            #expect(unit.wait(seconds: 20)?.status == 0, "\(unit.errorText)")
        }
    }
}
