import Foundation
import LinuxSystem
import TestSupport
import Testing

/// Names that a user takes for one and the kernel does not.
extension MountedTests {
    @Suite(.serialized, .timeLimit(.minutes(10))) struct ByteNameTests {
        private static let composed = "caf\u{e9}"
        private static let decomposed = "cafe\u{301}"
        /// Begins with a combining mark.
        private static let mark = "\u{301}x"

        /// The names in a directory, as bytes.
        private func names(_ path: String) -> [[UInt8]] {
            SystemText.names(inDirectory: path).map { Array($0.utf8) }
        }

        @Test(arguments: MountHost.transports)
        func equivalentNamesAreOfTwoFiles(transport: String) throws {
            let mount = try TemporaryMount("transport=\(transport)")
            try mount.open(Self.composed).write([1], at: 0)
            let exclusive = O_RDWR | O_CREAT | O_EXCL
            try mount.open(Self.decomposed, exclusive).write([2], at: 0)
            #expect(try mount.open(Self.composed).read(at: 0, count: 9) == [1])
            #expect(SystemCall.errno { _ = try mount.open(Self.composed, exclusive) } == EEXIST)
            for directory in [mount.path, mount.path("stats/areas"), mount.path("params/areas")] {
                let names = names(directory)
                #expect(names.contains(Array(Self.composed.utf8)), "\(directory)")
                #expect(names.contains(Array(Self.decomposed.utf8)), "\(directory)")
            }
            try mount.set("params/areas/\(Self.composed)/max_bytes", "4096")
            let other = "params/areas/\(Self.decomposed)/max_bytes"
            #expect(try mount.control(other) == "inherit")
            try SystemCall.remove(mount.path(Self.decomposed))
            #expect(!SystemCall.exists(mount.path("stats/areas/\(Self.decomposed)")))
            #expect(try mount.open(Self.composed).read(at: 0, count: 9) == [1])
            try SystemCall.move(mount.path(Self.composed), mount.path(Self.decomposed))
            #expect(!SystemCall.exists(mount.path(Self.composed)))
            #expect(try mount.open(Self.decomposed).read(at: 0, count: 9) == [1])
            #expect(try mount.control(other) == "4096")
        }

        @Test(arguments: MountHost.transports)
        func aNameMayBeginWithACombiningMark(transport: String) throws {
            let mount = try TemporaryMount("transport=\(transport)")
            try mount.open(Self.mark).write([1], at: 0)
            #expect(names(mount.path("stats/areas")) == [Array(Self.mark.utf8)])
            #expect(try mount.control("stats/areas/\(Self.mark)").hasPrefix("size 1\n"))
            try mount.set("params/areas/\(Self.mark)/writeback", "N")
            #expect(try mount.control("params/areas/\(Self.mark)/writeback") == "N")
            let label = Array("area=\"\(Self.mark)\"".utf8)
            #expect(try Data(mount.control("stats/metrics").utf8).contains(label))
        }

        @Test(arguments: MountHost.transports)
        func namesThatAreNotUTF8AreRefused(transport: String) throws {
            let mount = try TemporaryMount("transport=\(transport)")
            let path = Array(mount.path.utf8CString.dropLast()) + [0x2f, 0x63, -23, 0]
            #expect(open(path, O_RDWR | O_CREAT, 0o644) == -1 && errno == EILSEQ)
            #expect(access(path, F_OK) == -1 && errno == EILSEQ)
            #expect(unlink(path) == -1 && errno == EILSEQ)
            try mount.open("area").write([1], at: 0)
            #expect(rename(mount.path("area"), path) == -1 && errno == EILSEQ)
            #expect(SystemText.names(inDirectory: mount.path("stats/areas")) == ["area"])
        }

        /// Two mounts side by side, at paths that a user takes for one.
        @Test func mountPointsAreBytes() throws {
            let program = try #require(BuiltProgram.zswapfs)
            let directory = try TemporaryDirectory()
            let paths = try [Self.composed, Self.decomposed, Self.mark].map {
                try directory.makeDirectory($0)
            }
            defer { for path in paths { umount2(path, CInt(MNT_DETACH)) } }
            for (index, path) in paths.enumerated() {
                let options = ["-o", "arena=16M,max_pool_percent=\(index + 10)"]
                #expect(try ProgramRun.finish(program, ["mount", path] + options).status == 0)
            }
            for (index, path) in paths.enumerated() {
                let status = try ProgramRun.finish(program, ["status", path])
                let first = status.output.prefix { $0 != "\n" }
                #expect(Array(first.utf8).suffix(path.utf8.count) == Array(path.utf8)[...])
                let percent = try MountedFile(path + "/params/max_pool_percent", O_RDONLY)
                #expect(try percent.read(at: 0, count: 9) == Array("\(index + 10)\n".utf8))
            }
            #expect(try ProgramRun.finish(program, ["unmount", paths[0]]).status == 0)
            #expect(try ProgramRun.finish(program, ["unmount", paths[0]]).status == 66)
            #expect(try ProgramRun.finish(program, ["status", paths[1]]).status == 0)
            for path in paths[1...] {
                #expect(try ProgramRun.finish(program, ["unmount", path]).status == 0)
            }
        }
    }
}
