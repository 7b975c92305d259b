import LinuxSystem
import TestSupport
import Testing

/// `zswapfs set` and `zswapfs get`: values, and why they are refused.
extension CommandLineTests {
    @Suite(
        .serialized, .timeLimit(.minutes(10)),
        .enabled(if: MountHost.canMount, "needs root, /dev/fuse and the built zswapfs to mount"))
    struct SettingTests {
        @Test func valuesAreSetAndRead() throws {
            let mount = try TemporaryMount()
            func run(_ arguments: String...) throws -> ProgramRun.Outcome {
                try BuiltProgram.run(arguments)
            }
            let set = try run("set", mount.path, "max_pool_percent=31")
            #expect(set.status == 0 && set.output.isEmpty && set.errors.isEmpty, "\(set)")
            #expect(try run("get", mount.path, "max_pool_percent").output == "31\n")
            #expect(try run("get", mount.path, "params/max_pool_percent").output == "31\n")
            #expect(try run("set", mount.path, "params/compressor=zstd:9").status == 0)
            #expect(try run("get", mount.path, "compressor").output == "zstd\n")
            #expect(try run("get", mount.path, "compressor_level").output == "9\n")
            #expect(try run("get", mount.path, "stored_pages").output == "0\n")
            #expect(try run("get", mount.path, "stats/memory").output.contains("committed "))
            // Names of areas may look like anything.
            for name in ["a=b", "\u{301}x", "cafe\u{301}"] {
                try mount.open(name).write([1], at: 0)
                let file = "areas/\(name)/max_bytes"
                #expect(try run("set", mount.path, "\(file)=64M").status == 0)
                #expect(try run("get", mount.path, file).output == "67108864\n")
            }
        }

        @Test(arguments: [
            ("max_pool_percent=101", 64, "101 is not a number from 0 to 100"),
            ("max_pool_percent=", 64, "needs a value"), ("max_pool_percent", 64, "needs a value"),
            ("compressor=nosuch", 64, "is none of lz4"), ("compressor=zstd:99", 64, "to 22"),
            ("enabled=perhaps", 64, "neither Y nor N"),
            ("backing=/no/such", 66, "/no/such"), ("backing=relative", 64, "relative"),
            ("writeback=all", 69, "params/backing is none"),
            ("nosuch=1", 66, "no control file params/nosuch"),
            ("areas/none/max_bytes=1", 66, "params/areas/none/max_bytes"),
            ("../params/enabled=N", 66, "not a name"), ("areas=1", 66, "params/areas"),
            ("stats/stored_pages=1", 66, "can only be read"),
            ("available_zpools=zbud", 66, "can only be read"),
        ])
        func refusalsSayWhy(assignment: String, status: Int32, words: String) throws {
            let mount = try TemporaryMount()
            let outcome = try BuiltProgram.run(["set", mount.path, assignment])
            #expect(outcome.refuses(status, words), "\(outcome)")
            #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome)")
        }

        @Test func whatCannotBeReadIsTold() throws {
            let mount = try TemporaryMount()
            func get(_ name: String) throws -> ProgramRun.Outcome {
                try BuiltProgram.run(["get", mount.path, name])
            }
            #expect(try get("nosuch").refuses(66, "params/nosuch or stats/nosuch"))
            #expect(try get("compact").refuses(66, "can only be written"))
            #expect(try get("areas").refuses(66, "no control file"))
            #expect(try get("../area").refuses(66, "not a name"))
            #expect(try BuiltProgram.run(["get", "/", "zpool"]).refuses(66, "no zswapfs"))
        }

        @Test(.enabled(if: MountHost.canDropPrivileges, "needs root and setpriv"))
        func othersMayReadAndNotSet() throws {
            let mount = try TemporaryMount("allow_other")
            let program = try #require(BuiltProgram.zswapfs)
            let read = try MountHost.asNobody(program, ["get", mount.path, "zpool"])
            guard read.status != 126 else { return }
            #expect(read.output == "zsmalloc\n", "\(read)")
            let set = try MountHost.asNobody(program, ["set", mount.path, "zpool=zbud"])
            #expect(set.status == 77, "\(set)")
        }

        @Test func argumentsThatAreNotUTF8AreTold() throws {
            let program = try #require(BuiltProgram.zswapfs)
            let outcome = try ProgramRun.finish(
                "/bin/bash", ["-c", "exec \"$0\" mount /tmp/caf$'\\xe9'", program])
            #expect(outcome.refuses(64, "/tmp/caf\\xe9: not UTF-8"), "\(outcome)")
        }
    }
}
