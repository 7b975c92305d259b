import Foundation
import TestSupport
import Testing

/// `zswapfs pools`, for people and for programs, on real mounts.
extension CommandLineTests {
    @Suite(
        .serialized, .timeLimit(.minutes(10)),
        .enabled(if: MountHost.canMount, "needs root, /dev/fuse and the built zswapfs to mount"))
    struct PoolsTests {
        private static let partNames = ["payload", "rounding", "tail", "free", "headers"]
        private static let memoryNames = [
            "pools", "entries", "tables", "directory", "counters", "segment_records",
            "run_descriptors", "superblock", "reserve",
        ]

        private func objects(_ arguments: [String]) throws -> [[String: Any]] {
            let outcome = try BuiltProgram.run(["pools", "--json"] + arguments)
            #expect(outcome.status == 0, "\(outcome)")
            let value = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
            return try #require(value as? [[String: Any]])
        }

        private func fill(_ mount: TemporaryMount, _ pages: Range<Int>) throws {
            let area = try mount.open("area")
            for page in pages {
                let content =
                    page % 5 == 0
                    ? PageContent.incompressible(UInt64(page))
                    : PageContent.compressible(UInt64(page))
                try area.write(content, at: page * 4096)
            }
        }

        /// zsmalloc draining, zbud current, and incompressible pages in frames of their own.
        private func mountWithPools() throws -> TemporaryMount {
            let mount = try TemporaryMount("compaction_enabled=N")
            try fill(mount, 0..<100)
            try mount.set("params/zpool", "zbud")
            try fill(mount, 90..<150)
            return mount
        }

        @Test func thePartsAddUpToTheFrame() throws {
            let mount = try mountWithPools()
            let object = try #require(try objects([mount.path]).first)
            #expect(object["mount_point"] as? String == mount.path)
            #expect(object["stored_pages"] as? Int == 150)
            #expect(object["unsettled"] as? Int == 0)
            let pools = try #require(object["pools"] as? [[String: Any]])
            #expect(pools.map { $0["type"] as? String } == ["raw", "zsmalloc", "zbud"])
            #expect(pools.map { $0["generation"] as? Int } == [0, 1, 2])
            #expect(pools.map { $0["current"] as? Bool } == [true, false, true])
            var (total, payload) = (0, 0)
            for pool in pools {
                let parts = try #require(pool["parts"] as? [String: Int])
                #expect(Set(parts.keys) == Set(Self.partNames))
                #expect(parts.values.allSatisfy { $0 >= 0 }, "\(parts)")
                let sum = parts.values.reduce(0, +)
                #expect(pool["total"] as? Int == sum)
                #expect((pool["frames"] as? Int ?? 0) * 4096 == sum)
                let generation = try #require(pool["generation"] as? Int)
                #expect(try mount.number("stats/pools/\(generation)/total_size") == sum)
                total += sum
                payload += parts["payload"] ?? 0
            }
            #expect(pools.map { $0["objects"] as? Int ?? 0 }.reduce(0, +) == 150)
            #expect(try mount.number("stats/stored_size") == payload)
            #expect(try mount.number("stats/pool_total_size") == total)
            let memory = try #require(object["memory"] as? [String: Int])
            #expect(Set(memory.keys) == Set(Self.memoryNames))
            #expect(memory["pools"] == total)
            #expect(object["committed"] as? Int == memory.values.reduce(0, +))
            let metadata = try mount.number("stats/metadata_size")
            #expect(metadata == memory.values.reduce(0, +) - total - (memory["reserve"] ?? 0))
        }

        @Test(arguments: [20, 40, 80, 132]) func thePictureFits(columnCount: Int) throws {
            let mount = try mountWithPools()
            let program = try #require(BuiltProgram.zswapfs)
            func picture(_ locale: String) throws -> String {
                let outcome = try ProgramRun.finish(
                    "/usr/bin/env",
                    ["COLUMNS=\(columnCount)", "LC_ALL=\(locale)", program, "pools", mount.path])
                #expect(outcome.status == 0, "\(outcome)")
                return outcome.output
            }
            let ascii = try picture("C")
            #expect(ascii.utf8.allSatisfy { $0 < 0x80 }, "no colour, no blocks: \(ascii)")
            let blocks = try picture("C.UTF-8")
            #expect(!blocks.contains("\u{1b}"))
            // The same picture in other marks, but for the mount's path, which is as long as it is.
            for (text, marks) in [(ascii, "#+=-."), (blocks, "█▓▞▒░")] {
                let bars = text.split(separator: "\n").filter { line in
                    line.allSatisfy(marks.contains)
                }
                #expect(bars.count == 4, "three pools and all memory: \(text)")
                #expect(bars.allSatisfy { $0.count == columnCount }, "\(text)")
                #expect(bars.first?.first == marks.first)
            }
            if columnCount >= 40 {
                for line in ascii.split(separator: "\n") where !line.contains(mount.path) {
                    #expect(line.count <= columnCount, "\(line)")
                }
            }
        }

        @Test func thePictureTellsEveryPool() throws {
            let mount = try mountWithPools()
            let outcome = try BuiltProgram.run(["pools", mount.path])
            let total = try mount.number("stats/pool_total_size")
            for text in [
                "\(mount.path): 150 pages, 600.0 KiB, in ",
                "pool 0: raw, takes incompressible pages, ", "pool 1: zsmalloc, draining, ",
                "pool 2: zbud, takes new pages, ", "payload", "rounding", "headers", "free",
                "run descriptors", "parts of all pools: \(total) bytes, all of their frames",
                "metadata besides entries: ",
            ] {
                #expect(outcome.output.contains(text), "\(text) is missing: \(outcome)")
            }
        }

        @Test func anEmptyPoolHasNoBar() throws {
            let mount = try TemporaryMount()
            let outcome = try BuiltProgram.run(["pools", mount.path])
            #expect(outcome.status == 0)
            #expect(outcome.output.contains("pool 1: zsmalloc, takes new pages, empty\n"))
            #expect(outcome.output.contains("all memory: "))
            #expect(!outcome.output.contains("metadata besides"), "of a payload of nothing")
            let object = try #require(try objects([mount.path]).first)
            let pools = try #require(object["pools"] as? [[String: Any]])
            #expect(pools.map { $0["total"] as? Int } == [0])
        }

        /// Pages come and go while it looks: the parts of each pool add up all the same.
        @Test func itCanBeAskedWhilePagesComeAndGo() throws {
            let mount = try TemporaryMount()
            let script = """
                while :; do
                  head -c 4000000 /proc/self/exe >"$0"/area; echo zbud >"$0"/params/zpool
                  : >"$0"/area; echo zsmalloc >"$0"/params/zpool
                done
                """
            let writer = try ProgramRun("/bin/sh", ["-c", script, mount.path])
            for _ in 0..<15 {
                let object = try #require(try objects([mount.path]).first)
                for pool in try #require(object["pools"] as? [[String: Any]]) {
                    let parts = try #require(pool["parts"] as? [String: Int])
                    #expect(parts.values.allSatisfy { $0 >= 0 }, "\(parts)")
                    #expect((pool["frames"] as? Int ?? 0) * 4096 == parts.values.reduce(0, +))
                }
                #expect(try BuiltProgram.run(["pools", mount.path]).status == 0)
            }
            writer.signal(SIGKILL)
            #expect(writer.wait(seconds: 15) != nil)
        }

        @Test func severalMountsAreShownInTheirOrder() throws {
            let mounts = try (0..<2).map { _ in try TemporaryMount("supervise=off") }
            let paths = [mounts[1].path, mounts[0].path]
            #expect(try objects(paths).map { $0["mount_point"] as? String } == paths)
            let all = try objects([]).compactMap { $0["mount_point"] as? String }
            #expect(Set(paths).isSubset(of: all))
            // One that died does not hide the other.
            mounts[0].daemon.signal(SIGKILL)
            #expect(mounts[0].daemon.wait(seconds: 15) != nil)
            let outcome = try BuiltProgram.run(["pools"] + [mounts[1].path])
            #expect(outcome.status == 0, "\(outcome)")
            let both = try BuiltProgram.run(["pools"])
            #expect(both.status == 1 && both.errors.contains(mounts[0].path), "\(both)")
            #expect(both.output.contains(mounts[1].path))
        }

        @Test func whatIsNoMountIsRefused() throws {
            let directory = try TemporaryDirectory()
            #expect(
                try BuiltProgram.run(["pools", directory.path])
                    .refuses(66, directory.path, "no zswapfs is mounted here"))
            let missing = directory.path("missing")
            #expect(try BuiltProgram.run(["pools", missing, "--json"]).refuses(66, missing))
        }
    }
}
