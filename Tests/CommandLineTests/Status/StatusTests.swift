import Foundation
import LinuxSystem
import TestSupport
import Testing

/// `zswapfs status`, for people and for programs.
extension CommandLineTests {
    @Suite(
        .serialized, .timeLimit(.minutes(10)),
        .enabled(if: MountHost.canMount, "needs root, /dev/fuse and the built zswapfs to mount"))
    struct StatusTests {
        private func object(_ mount: TemporaryMount) throws -> [String: Any] {
            let outcome = try BuiltProgram.run(["status", mount.path, "--json"])
            #expect(outcome.status == 0, "\(outcome)")
            let value = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
            let objects = try #require(value as? [[String: Any]])
            #expect(objects.count == 1)
            return try #require(objects.first)
        }

        @Test func theTextSaysWhatIsHeld() throws {
            let mount = try TemporaryMount("zpool=zbud")
            try mount.open("my area").write(PageContent.compressible(1), at: 0)
            let outcome = try BuiltProgram.run(["status", mount.path])
            #expect(outcome.status == 0, "\(outcome)")
            for word in [
                mount.path, "zbud", "lz4", "my area",
                "/dev/fuse (the default; ", "memory locked", "ratio",
            ] {
                #expect(outcome.output.contains(word), "\(word) is missing: \(outcome)")
            }
            // Every mount of the machine, ours among them.
            #expect(try BuiltProgram.run(["status"]).output.contains(mount.path))
        }

        @Test func theNumbersAreThose() throws {
            let mount = try TemporaryMount()
            let area = try mount.open("quote\"back\\slash\tä")
            for page in 0..<20 {
                try area.write(PageContent.compressible(UInt64(page)), at: page * 4096)
            }
            try area.write([UInt8](repeating: 7, count: 8192), at: 1 << 20)
            let status = try object(mount)
            #expect(status["mount_point"] as? String == mount.path)
            #expect(status["zpool"] as? String == "zsmalloc")
            #expect(status["compressor"] as? String == "lz4")
            #expect((status["protections"] as? [String])?.count == 3)
            let counters = try #require(status["counters"] as? [String: Int])
            #expect(counters["stored_pages"] == 22)
            #expect(counters["same_filled_pages"] == 2)
            #expect(try counters["pool_total_size"] == mount.number("stats/pool_total_size"))
            let pool = try #require(counters["pool_total_size"])
            let ratio = try #require(status["ratio"] as? Double)
            #expect(abs(ratio - 22 * 4096 / Double(pool)) < 0.001)
            let areas = try #require(status["areas"] as? [[String: Any]])
            #expect(areas.map { $0["name"] as? String } == ["quote\"back\\slash\tä"])
            #expect(areas.first?["swap"] as? Bool == false)
            #expect(areas.first?["device"] is NSNull)
            let pools = try #require(status["pools"] as? [[String: Any]])
            #expect(pools.map { $0["type"] as? String } == ["zsmalloc"])
        }

        @Test func theBackingStoreIsShown() throws {
            let file = TemporaryFile("status-store")
            try OpenFile(file.path, for: .creating).truncate(toByteCount: 8 << 20)
            let mount = try TemporaryMount()
            #expect((try object(mount)["backings"] as? [Any])?.isEmpty == true)
            try mount.set("params/backing", file.path)
            try mount.open("area").write(PageContent.incompressible(1), at: 0)
            try mount.set("params/writeback", "all")
            #expect(
                Patience.wait(milliseconds: 10_000) {
                    (try? mount.number("stats/backing_pages")) == 1
                })
            let status = try object(mount)
            let backings = try #require(status["backings"] as? [[String: Any]])
            try #require(backings.count == 1)
            #expect(backings[0]["path"] as? String == file.path)
            #expect(backings[0]["state"] as? String == "takes pages")
            #expect(backings[0]["current"] as? Bool == true)
            #expect(backings[0]["records"] as? Int == 1)
            #expect(backings[0]["capacity"] as? Int == 8 << 20)
            // Nothing is in the pools.
            #expect(status["ratio"] is NSNull)
            let outcome = try BuiltProgram.run(["status", mount.path])
            #expect(outcome.output.contains("backing           \(file.path), takes pages\n"))
            #expect(outcome.output.contains("  on backing      1 pages, "))
            try mount.set("params/backing", "none")
            let left = try #require(try object(mount)["backings"] as? [[String: Any]])
            #expect(left.map { $0["current"] as? Bool } == [false])
        }

        @Test(.enabled(if: SwapHost.has("python3"), "needs python3"))
        func otherProgramsReadTheJSON() throws {
            let mount = try TemporaryMount()
            _ = try mount.open("a\nb")
            let program = try #require(BuiltProgram.zswapfs)
            let (status, text) = try SwapHost.run(
                "sh",
                ["-c", "\"$0\" status --json \"$1\" | python3 -m json.tool", program, mount.path])
            #expect(status == 0, "\(text)")
            #expect(text.contains("stored_pages"))
        }

        @Test func withoutAMountItSaysSo() throws {
            let directory = try TemporaryDirectory()
            #expect(
                try BuiltProgram.run(["status", directory.path])
                    .refuses(66, directory.path, "no zswapfs is mounted here"))
            let missing = directory.path("missing")
            #expect(try BuiltProgram.run(["status", missing]).refuses(66, missing))
            #expect(try BuiltProgram.run(["status", missing, "--json"]).refuses(66, missing))
        }

        /// In a mount namespace of its own, with every zswapfs gone from it.
        @Test(
            .enabled(
                if: (try? SwapHost.run("unshare", ["-m", "true"]))?.0 == 0,
                "needs root and mount namespaces"))
        func onAMachineWithoutMounts() throws {
            let program = try #require(BuiltProgram.zswapfs)
            // Swap on a mount that is gone here only would be shown.
            let turn = try SwapHost.waitForTurn()
            defer { turn.close() }
            let script = """
                awk '/ fuse[.]zswapfs / { print $5 }' /proc/self/mountinfo \
                | while read -r place; do umount -l "$place"; done; exec "$0" "$@"
                """
            func run(_ arguments: [String]) throws -> ProgramRun.Outcome {
                try ProgramRun.finish(
                    "/usr/bin/env", ["unshare", "-m", "sh", "-c", script, program] + arguments)
            }
            #expect(try run(["status"]).refuses(66, "no zswapfs is mounted"))
            let json = try run(["status", "--json"])
            #expect(json.status == 0)
            #expect(json.output == "[]\n")
        }

        @Test func aDeadMountIsNamed() throws {
            let mount = try TemporaryMount("supervise=off")
            mount.daemon.signal(SIGKILL)
            #expect(mount.daemon.wait(seconds: 15) != nil)
            let outcome = try BuiltProgram.run(["status", mount.path])
            #expect(outcome.status != 0)
            #expect(outcome.errors.contains(mount.path), "\(outcome)")
            // It does not hide the others.
            let other = try TemporaryMount()
            let all = try BuiltProgram.run(["status"])
            #expect(all.status == 1, "\(all)")
            #expect(all.errors.contains(mount.path))
            #expect(all.output.contains(other.path))
        }
    }
}
