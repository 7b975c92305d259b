import Foundation
import TestSupport
import Testing

/// The control files through the kernel: use by shells, and permissions.
extension MountedTests {
    @Suite(.serialized, .timeLimit(.minutes(10))) struct ControlFileTests {
        private let mount: TemporaryMount

        init() throws { mount = try TemporaryMount("allow_other") }

        private func shell(_ command: String) throws -> Int32 {
            try SwapHost.run("sh", ["-c", "cd \"$0\" && { \(command); } 2>&1", mount.path]).0
        }

        @Test func shellsReadAndWriteThem() throws {
            #expect(try shell("echo zbud > params/zpool") == 0)
            #expect(try mount.control("params/zpool") == "zbud")
            #expect(try shell("[ \"$(cat params/zpool)\" = zbud ]") == 0)
            #expect(try shell("printf '  0x1e \\n\\n' > params/max_pool_percent") == 0)
            #expect(try mount.control("params/max_pool_percent") == "30")
            #expect(try shell("printf '' > params/max_pool_percent") == 0)
            #expect(try shell("truncate -s 0 params/max_pool_percent") == 0)
            #expect(try shell("dd if=/dev/null of=params/zpool status=none") == 0)
            #expect(try mount.control("params/max_pool_percent") == "30")
            #expect(try shell("echo 31 >> params/max_pool_percent") == 0)
            #expect(try mount.control("params/max_pool_percent") == "31")
            #expect(try shell("echo 101 > params/max_pool_percent") != 0)
            #expect(try shell("echo 1 > params/compact") == 0)
            #expect(try shell("grep -q '\\[zbud\\]' params/available_zpools") == 0)
            #expect(try shell("head -c 3 stats/summary | grep -q .") == 0)
        }

        @Test(arguments: [
            ("params/zpool", "nosuch", ENOENT), ("params/compressor", "nosuch", ENOENT),
            ("params/max_pool_percent", "101", EINVAL), ("params/max_pool_percent", "-1", EINVAL),
            ("params/max_pool_percent", "much", EINVAL), ("params/enabled", "maybe", EINVAL),
            ("params/max_pool_percent", "99999999999999999999999", EINVAL),
            ("params/accept_threshold_percent", "101", EINVAL),
            ("params/zpool", "", ENOENT), ("params/zpool", "zbud zsmalloc", ENOENT),
            ("stats/stored_pages", "0", EACCES), ("params/available_zpools", "zbud", EACCES),
        ])
        func badValuesChangeNothing(name: String, value: String, expected: CInt) throws {
            let before = try mount.control(name)
            #expect(SystemCall.errno { try mount.set(name, value) } == expected)
            #expect(try mount.control(name) == before)
        }

        @Test func refusalsAreToldInTheLog() throws {
            #expect(SystemCall.errno { try mount.set("params/max_pool_percent", "500") } == EINVAL)
            #expect(mount.daemon.says("500 is not a number from 0 to 100"))
        }

        @Test func refusalsAreToldToTheWriter() throws {
            #expect(try mount.control("stats/last_error") == "number 0")
            #expect(SystemCall.errno { try mount.set("params/max_pool_percent", "101") } == EINVAL)
            #expect(
                try mount.control("stats/last_error") == """
                    number 1
                    file params/max_pool_percent
                    value 101
                    reason 101 is not a number from 0 to 100, for params/max_pool_percent
                    """)
            #expect(SystemCall.errno { try mount.set("params/zpool", "no\nsuch") } == ENOENT)
            let text = try mount.control("stats/last_error")
            #expect(text.hasPrefix("number 2\nfile params/zpool\nvalue no?such\n"))
            #expect(text.split(separator: "\n").count == 4)
            try mount.set("params/zpool", "zbud")
            #expect(try mount.control("stats/last_error") == text)
            let file = try mount.open("params/backing", O_WRONLY)
            #expect(SystemCall.errno { try file.write([0x2f, 0xe9, 0x61], at: 0) } == EINVAL)
            #expect(
                try mount.control("stats/last_error").hasSuffix(
                    "value /\u{fffd}a\nreason the value is not UTF-8, for params/backing"))
        }

        @Test func aCompressorIsWrittenWithItsLevel() throws {
            try mount.set("params/compressor", "zstd:9")
            #expect(try mount.control("params/compressor") == "zstd")
            #expect(try mount.control("params/compressor_level") == "9")
            for (value, expected) in [
                ("zstd:99", EINVAL), ("zstd:", EINVAL), ("zstd:x", EINVAL), ("nosuch:3", ENOENT),
                (":3", ENOENT), ("zstd:3:4", ENOENT),
            ] {
                #expect(
                    SystemCall.errno { try mount.set("params/compressor", value) } == expected,
                    "\(value)")
                #expect(try mount.control("params/compressor_level") == "9")
            }
            try mount.open("area").write([1], at: 0)
            let own = "params/areas/area/compressor"
            #expect(SystemCall.errno { try mount.set(own, "zstd:9") } == EINVAL)
            #expect(try mount.control("stats/last_error").contains("no level of its own"))
            #expect(try mount.control(own) == "inherit")
        }

        @Test func writeOnlyFilesCannotBeRead() throws {
            #expect(SystemCall.errno { _ = try mount.control("params/compact") } == EACCES)
            #expect(
                SystemCall.errno { _ = try mount.open("params/compact", O_RDWR) } == EACCES)
            #expect(SystemCall.errno { _ = try mount.open("params", O_WRONLY) } == EISDIR)
        }

        @Test func attributesAreFixed() throws {
            let path = mount.path("params/zpool")
            let status = try SystemCall.status(path)
            #expect(status.st_mode == S_IFREG | 0o644)
            #expect(status.st_size == "zsmalloc\n".utf8.count)
            #expect(try SystemCall.status(mount.path("stats/summary")).st_mode == S_IFREG | 0o444)
            #expect(try SystemCall.status(mount.path("params/compact")).st_mode == S_IFREG | 0o200)
            #expect(try SystemCall.status(mount.path("params")).st_mode == S_IFDIR | 0o555)
            #expect(try SystemCall.status(mount.path).st_mode == S_IFDIR | 0o755)
            #expect(chmod(path, 0o777) == -1 && errno == EPERM)
            #expect(chown(path, 1, 1) == -1 && errno == EPERM)
            #expect(chmod(mount.path, 0o777) == -1 && errno == EPERM)
            #expect(utimensat(AT_FDCWD, path, nil, 0) == 0)
        }

        @Test func aTextIsOfTheMomentOfOpening() throws {
            let file = try mount.open("params/max_pool_percent", O_RDONLY)
            try mount.set("params/max_pool_percent", "40")
            #expect(try file.read(at: 0, count: 100) == Array("20\n".utf8))
            #expect(try file.read(at: 1, count: 1) == Array("0".utf8))
            #expect(try file.read(at: 3, count: 100).isEmpty)
            #expect(try mount.control("params/max_pool_percent") == "40")
        }

        @Test func writesAreWholeValues() throws {
            let file = try mount.open("params/max_pool_percent", O_WRONLY)
            #expect(try file.write(Array("41".utf8), at: 0) == 2)
            #expect(SystemCall.errno { try file.write(Array("2".utf8), at: 2) } == EINVAL)
            #expect(SystemCall.errno { try file.write([0xff, 0xfe], at: 0) } == EINVAL)
            #expect(
                SystemCall.errno {
                    try file.write([UInt8](repeating: 0x39, count: 1 << 20), at: 0)
                } == EINVAL)
            #expect(try mount.control("params/max_pool_percent") == "41")
        }

        @Test func everyFileCanBeReadAndIsListedOnce() throws {
            try mount.open("my area").write([1], at: 0)
            let (status, text) = try SwapHost.run(
                "find", [mount.path("params"), mount.path("stats"), "-type", "f"])
            #expect(status == 0)
            let files = text.split(separator: "\n")
            #expect(files.count > 30)
            #expect(Set(files).count == files.count)
            #expect(files.contains { $0.hasSuffix("stats/areas/my area") })
            let writeOnly = ["/params/compact", "/params/recompress", "/params/writeback"]
            for file in files where !writeOnly.contains(where: file.hasSuffix) {
                let text = try mount.control(String(file.dropFirst(mount.path.count + 1)))
                #expect(!text.hasSuffix("\n"), "\(file)")
            }
        }

        @Test(.enabled(if: MountHost.canDropPrivileges, "needs root and setpriv to run as nobody"))
        func othersMayReadAndNotWrite() throws {
            func asNobody(_ command: String) throws -> ProgramRun.Outcome {
                try MountHost.asNobody("sh", ["-c", command, mount.path])
            }
            #expect(try asNobody("cat \"$0/params/zpool\"").output == "zsmalloc\n")
            #expect(try asNobody("cat \"$0/stats/summary\"").status == 0)
            for command in ["echo zbud > \"$0/params/zpool\"", "echo 1 > \"$0/params/compact\""] {
                let outcome = try asNobody(command)
                #expect(outcome.status != 0)
                #expect(outcome.errors.contains("ermission denied"), "\(outcome)")
            }
            #expect(try asNobody(": > \"$0/new\"").status != 0)
            try mount.open("area").write([1, 2, 3], at: 0)
            #expect(chmod(mount.path("area"), 0o600) == 0)
            #expect(try asNobody("cat \"$0/area\"").status != 0)
            #expect(try mount.control("params/zpool") == "zsmalloc")
        }
    }
}
