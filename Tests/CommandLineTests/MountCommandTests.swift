import Foundation
import LinuxSystem
import TestSupport
import Testing

/// `zswapfs mount` and `unmount` as they are meant to be used.
extension CommandLineTests {
    @Suite(
        .serialized, .timeLimit(.minutes(10)),
        .enabled(if: MountHost.canMount, "needs root, /dev/fuse and the built zswapfs to mount"))
    struct MountCommandTests {
        private let directory: TemporaryDirectory
        private let path: String

        init() throws {
            directory = try TemporaryDirectory()
            path = try directory.makeDirectory("mount")
        }

        @Test func mountsServesAndUnmounts() throws {
            let mount = try BackgroundMount(at: path)
            #expect(mount.outcome.status == 0, "\(mount.outcome)")
            #expect(mount.outcome.output.isEmpty && mount.outcome.errors.isEmpty)
            let daemon = try #require(mount.daemon)
            // It holds on to nothing of its caller: directory, terminal, session, standard streams.
            let root = try FileManager.default.destinationOfSymbolicLink(
                atPath: "/proc/\(daemon)/cwd")
            #expect(root == "/")
            #expect(getsid(daemon) == daemon)
            for stream in 0...2 {
                let target = try FileManager.default.destinationOfSymbolicLink(
                    atPath: "/proc/\(daemon)/fd/\(stream)")
                #expect(target == "/dev/null")
            }
            try mount.check()
            try BackgroundMount(at: path).check()
        }

        @Test func takesOptionsAndIgnoresThoseOfMount8() throws {
            let options = [
                "-o", "rw,noauto,nofail,_netdev,x-systemd.automount,user,exec,relatime,defaults",
                "-o", "zpool=zbud,max_pool_percent=0x1f,arena=64M,chain=4,allow_other,,",
                "-o", "enabled=n", "-o", "accept_threshold_percent=80", "-o", "fsname=mine",
            ]
            let mount = try BackgroundMount(at: path, options)
            #expect(mount.outcome.status == 0, "\(mount.outcome)")
            func value(_ name: String) throws -> String {
                let bytes = try MountedFile("\(path)/params/\(name)", O_RDONLY)
                    .read(at: 0, count: 100)
                return String(decoding: bytes.dropLast(), as: UTF8.self)
            }
            #expect(try value("zpool") == "zbud")
            #expect(try value("max_pool_percent") == "31")
            #expect(try value("accept_threshold_percent") == "80")
            #expect(try value("chain") == "4")
            #expect(try value("enabled") == "N")
            let entry = try MountTable.current().entries.first { $0.mountPoint == path }
            #expect(entry?.source == "mine")
            #expect(entry?.type == "fuse.zswapfs")
        }

        /// As the first version of the pool interface did: the mount works, with a warning.
        @Test func unknownNamesFallBack() throws {
            for (option, name, fallback) in [
                ("zpool", "nosuch", "zbud"), ("compressor", "nosuch", "lz4"),
            ] {
                let mount = try BackgroundMount(at: path, ["-o", "\(option)=\(name)"])
                #expect(mount.outcome.status == 0, "\(mount.outcome)")
                #expect(mount.outcome.errors.contains("warning"), "\(mount.outcome)")
                #expect(mount.outcome.errors.contains(name))
                #expect(mount.outcome.errors.contains("taking \(fallback)"))
                let file = try MountedFile("\(path)/params/\(option)", O_RDONLY)
                #expect(try file.read(at: 0, count: 100) == Array((fallback + "\n").utf8))
                try file.close()
                try mount.check()
            }
        }

        /// Wherever the option stands, a level is one of the compressor that is asked for too.
        @Test func aLevelGoesWithItsCompressor() throws {
            for options in [
                "compressor=lz4hc,compressor_level=4", "compressor_level=4,compressor=lz4hc",
                "compressor=lz4hc:4", "compressor=lz4hc:7,compressor_level=4",
            ] {
                let mount = try BackgroundMount(at: path, ["-o", options])
                #expect(mount.outcome.status == 0, "\(mount.outcome)")
                let file = try MountedFile("\(path)/params/compressor_level", O_RDONLY)
                #expect(try file.read(at: 0, count: 100) == Array("4\n".utf8))
                try file.close()
                try mount.check()
            }
        }

        /// A level that was meant for a compressor that is not known is not lz4's.
        @Test func theLevelOfAnUnknownCompressorIsLeftOut() throws {
            let mount = try BackgroundMount(
                at: path, ["-o", "compressor_level=20,compressor=nosuch"])
            #expect(mount.outcome.status == 0, "\(mount.outcome)")
            #expect(mount.outcome.errors.contains("taking lz4"))
            #expect(mount.outcome.errors.contains("compressor_level=20"))
            let file = try MountedFile("\(path)/params/compressor_level", O_RDONLY)
            #expect(try file.read(at: 0, count: 100) == Array("1\n".utf8))
            try file.close()
            try mount.check()
        }

        @Test func theForegroundTellsWhatWasDecided() throws {
            let mount = try TemporaryMount("zpool=zbud", "arena=32M")
            #expect(mount.daemon.says("\(mount.path): serves with zpool zbud; compressor lz4"))
            #expect(mount.daemon.says("memory locked"))
            let outcome = try BuiltProgram.run(["unmount", mount.path])
            #expect(outcome.status == 0, "\(outcome)")
            #expect(mount.daemon.wait(seconds: 15)?.status == 0)
            #expect(mount.daemon.errorText.contains("unmounted"))
        }

        @Test func logLevelsAreKept() throws {
            let mount = try TemporaryMount(level: "error")
            try mount.unmount()
            let outcome = mount.daemon.wait(seconds: 15)
            #expect(outcome?.status == 0)
            #expect(outcome?.errors == "")
        }

        @Test func aPathMayBeRelativeALinkOrHaveBlanks() throws {
            let strange = try directory.makeDirectory("a b\\c")
            try BackgroundMount(at: strange).check()
            let link = directory.path("link")
            try SystemCall.run("symlink") { symlink(path, link) }
            let program = try #require(BuiltProgram.zswapfs)
            let mount = try BackgroundMount(at: path, [], program: "/bin/sh") { _ in
                ["-c", "cd \"$0\" && \"$1\" mount ./link/", directory.path, program]
            }
            #expect(mount.outcome.status == 0, "\(mount.outcome)")
            #expect(MountHost.isMounted(path))
            let outcome = try BuiltProgram.run(["unmount", link])
            #expect(outcome.status == 0, "\(outcome)")
            #expect(!MountHost.isMounted(path))
            #expect(mount.isGone(seconds: 10))
        }

        @Test func unmountRefusesWhatIsNoMount() throws {
            #expect(
                try BuiltProgram.run(["unmount", path]).refuses(66, path, "nothing is mounted"))
            let missing = directory.path("missing")
            #expect(try BuiltProgram.run(["unmount", missing]).refuses(66, missing))
            #expect(
                try BuiltProgram.run(["unmount", "/proc"]).refuses(66, "/proc", "proc is mounted"))
            let mount = try TemporaryMount()
            #expect(
                try BuiltProgram.run(["unmount", mount.path("params")])
                    .refuses(66, "nothing is mounted"))
            #expect(MountHost.isMounted(mount.path))
        }

        @Test func unmountRefusesWhileAFileIsOpen() throws {
            let mount = try TemporaryMount()
            let file = try mount.open("area")
            try file.write([1, 2, 3], at: 0)
            let outcome = try BuiltProgram.run(["unmount", mount.path])
            #expect(outcome.refuses(75, mount.path, "fuser -vm"), "\(outcome)")
            #expect(try file.read(at: 0, count: 9) == [1, 2, 3])
            try file.close()
            #expect(try BuiltProgram.run(["unmount", mount.path]).status == 0)
        }

        @Test(.enabled(if: MountHost.canDropPrivileges, "needs root and setpriv to run as nobody"))
        func unmountNeedsPermission() throws {
            let mount = try TemporaryMount("allow_other")
            let program = try #require(BuiltProgram.zswapfs)
            let outcome = try MountHost.asNobody(program, ["unmount", mount.path])
            #expect([75, 77].contains(outcome.status), "\(outcome)")
            #expect(!outcome.errors.isEmpty)
            #expect(MountHost.isMounted(mount.path))
        }
    }
}
