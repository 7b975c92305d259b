import Foundation
import LinuxSystem
import TestSupport
import Testing

/// The helper mount.fuse.zswapfs, run as mount(8) runs it.
extension MountedTests {
    @Suite(.serialized, .timeLimit(.minutes(10))) struct MountHelperTests {
        private let directory: TemporaryDirectory
        private let path: String
        private let helper =
            BuiltProgram.packagePath
            + "/mount-scripts/parts/system/mount.fuse.zswapfs"

        init() throws {
            directory = try TemporaryDirectory()
            path = try directory.makeDirectory("mount")
        }

        /// The helper with the built program first in PATH.
        private func mount(_ arguments: [String]) throws -> BackgroundMount {
            let command = try command()
            return try BackgroundMount(at: path, arguments, program: "/usr/bin/env") { _ in
                command
            }
        }

        private func command() throws -> [String] {
            let program = try #require(BuiltProgram.zswapfs)
            let place = (program as NSString).deletingLastPathComponent
            let system = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/sbin:/usr/bin:/bin"
            return ["PATH=\(place):\(system)", helper, "zswapfs", path]
        }

        @Test func mountsWithOptions() throws {
            let mount = try mount(["-o", "rw,zpool=zbud,noauto,x-systemd.automount,nofail"])
            #expect(mount.outcome.status == 0, "\(mount.outcome)")
            let file = try MountedFile("\(path)/params/zpool", O_RDONLY)
            #expect(try file.read(at: 0, count: 100) == Array("zbud\n".utf8))
            try file.close()
            try mount.check()
        }

        @Test func mountsWithoutAnyAndWithDefaults() throws {
            try mount([]).check()
            try mount(["-o", "defaults"]).check()
            try mount(["-n", "-s", "-t", "fuse.zswapfs", "-o", "rw"]).check()
        }

        @Test func aFailureIsMount8s() throws {
            let unknown = try mount(["-o", "nosuch=1"])
            #expect(unknown.outcome.status == 32)
            #expect(unknown.outcome.errors.contains("nosuch"))
            #expect(unknown.isGone(seconds: 1))
            #expect(!MountHost.isMounted(path))
            #expect(try mount(["--what"]).outcome.status == 1)
        }

        /// mount(8) names all flags that the mount is to have: what it does not name is off.
        @Test func remountsAsMount8Asks() throws {
            let mount = try mount(["-o", "noexec,nodiratime"])
            let table = { try MountTable.current().entries.last { $0.mountPoint == path }?.flags }
            #expect(try table() == "rw,nosuid,nodev,noexec,nodiratime,relatime")
            let words = "rw,nosuid,nodev,relatime,remount,user_id=0,group_id=0,max_pool_percent=7"
            let again = try ProgramRun.finish("/usr/bin/env", try command() + ["-o", words])
            #expect(again.status == 0, "\(again)")
            #expect(try table() == "rw,nosuid,nodev,relatime")
            #expect(try SystemText.read("\(path)/params/max_pool_percent") == "7\n")
            try mount.check()
        }

        @Test func fakingMountsNothing() throws {
            let mount = try mount(["-f", "-v", "-o", "zpool=zbud"])
            #expect(mount.outcome.status == 0)
            #expect(mount.outcome.output.contains("zpool=zbud"))
            #expect(!MountHost.isMounted(path))
        }
    }
}
