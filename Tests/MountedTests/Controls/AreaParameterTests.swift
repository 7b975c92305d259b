import Foundation
import TestSupport
import Testing

/// The files of each area through the kernel: there with it, gone with it.
extension MountedTests {
    @Suite(.serialized, .timeLimit(.minutes(10))) struct AreaParameterTests {
        private static let names = ["max_bytes", "writeback", "compressor", "cold_after"]
        private let mount: TemporaryMount

        init() throws { mount = try TemporaryMount() }

        private func path(_ area: String, _ name: String) -> String {
            "params/areas/\(area)/\(name)"
        }

        @Test func theyComeAndGoWithTheArea() throws {
            #expect(try SystemCall.status(mount.path("params/areas")).st_mode == S_IFDIR | 0o555)
            try mount.open("a b").write(PageContent.compressible(1), at: 0)
            let directory = mount.path("params/areas/a b")
            #expect(try SystemCall.status(directory).st_mode == S_IFDIR | 0o555)
            let listed = try FileManager.default.contentsOfDirectory(atPath: directory)
            #expect(listed.sorted() == Self.names.sorted())
            for name in Self.names {
                let file = mount.path(path("a b", name))
                #expect(try SystemCall.status(file).st_mode == S_IFREG | 0o644)
                #expect(chmod(file, 0o600) == -1 && errno == EPERM)
                #expect(try mount.control(path("a b", name)) == "inherit")
            }
            try mount.set(path("a b", "max_bytes"), "64K")
            try SystemCall.move(mount.path("a b"), mount.path("c"))
            #expect(!SystemCall.exists(directory))
            #expect(try mount.control(path("c", "max_bytes")) == "65536")
            try SystemCall.remove(mount.path("c"))
            #expect(!SystemCall.exists(mount.path("params/areas/c")))
            #expect(SystemCall.errno { try mount.set(path("c", "max_bytes"), "1") } == ENOENT)
            #expect(!SystemCall.exists(mount.path("stats/areas/c")))
            // The name again, and nothing of the old one.
            _ = try mount.open("c")
            #expect(try mount.control(path("c", "max_bytes")) == "inherit")
        }

        @Test(arguments: [
            ("max_bytes", "17T", EINVAL, "17T is neither inherit nor a size from 0 to 16T"),
            ("max_bytes", "some", EINVAL, "\"some\" is neither inherit nor a size"),
            ("writeback", "maybe", EINVAL, "\"maybe\" is none of inherit, Y and N"),
            ("compressor", "nosuch", ENOENT, "\"nosuch\" is none of inherit, lz4"),
        ])
        func badValuesChangeNothing(
            name: String, value: String, expected: CInt, words: String
        ) throws {
            _ = try mount.open("area")
            let file = path("area", name)
            #expect(SystemCall.errno { try mount.set(file, value) } == expected)
            #expect(try mount.control(file) == "inherit")
            #expect(mount.daemon.says(words))
            #expect(mount.daemon.says(file))
        }

        @Test func aFullAreaAnswersENOSPC() throws {
            let area = try mount.open("area")
            try mount.set(path("area", "max_bytes"), "16K")
            for page in 0..<4 {
                try area.write(PageContent.incompressible(UInt64(page)), at: page * 4096)
            }
            #expect(
                SystemCall.errno { try area.write(PageContent.compressible(9), at: 0) } == ENOSPC)
            #expect(try area.read(at: 0, count: 4096) == PageContent.incompressible(0))
            #expect(try mount.control("stats/areas/area").contains("\nrejects 1\n"))
            #expect(try mount.number("stats/reject_reclaim_fail") == 1)
            try mount.open("other").write(PageContent.compressible(9), at: 0)
            try mount.set(path("area", "max_bytes"), "inherit")
            try area.write(PageContent.compressible(9), at: 0)
        }
    }
}
