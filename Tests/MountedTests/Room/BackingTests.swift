import Foundation
import LinuxSystem
import TestSupport
import Testing

/// A backing store behind a mount, through the kernel: what is taken and refused, which users may
/// set it, what comes back from it, and that it is closed when the mount has gone.
extension MountedTests {
    @Suite(.serialized, .timeLimit(.minutes(10))) struct BackingTests {
        private static let byteCount = 8 << 20
        private let file: TemporaryFile

        init() throws { file = try Self.makeFile("store") }

        private static func makeFile(
            _ name: String, byteCount: Int = byteCount
        ) throws -> TemporaryFile {
            let file = TemporaryFile("\(name)-\(UInt32.random(in: .min ... .max))")
            try OpenFile(file.path, for: .creating).truncate(toByteCount: UInt64(byteCount))
            return file
        }

        /// Writes `params/backing` by a program of its own, which can be ended if it hangs, and
        /// returns what that said.
        private func set(_ path: String, of mount: TemporaryMount) throws -> String {
            let command = "printf %s \"$0\" | LC_ALL=C timeout -k 5 30 dd of=\"$1\" status=none"
            return try ProgramRun.finish(
                "/bin/sh", ["-c", command, path, mount.path("params/backing")], seconds: 60
            ).errors
        }

        private func value(_ name: String, of mount: TemporaryMount) throws -> String {
            try #require(SystemText.value(of: name, in: try mount.control("stats/backing")))
        }

        /// Pages of three kinds.
        private static func content(_ page: Int) -> [UInt8] {
            switch page % 4 {
            case 0: PageContent.incompressible(UInt64(page))
            case 1: [UInt8](repeating: UInt8(page % 251), count: 4096)
            default: PageContent.compressible(UInt64(page))
            }
        }

        private static func fill(_ area: MountedFile, pageCount: Int) throws {
            for page in 0..<pageCount { try area.write(content(page), at: page * 4096) }
        }

        private static func expect(_ area: MountedFile, pageCount: Int) throws {
            for page in 0..<pageCount {
                #expect(try area.read(at: page * 4096, count: 4096) == content(page), "\(page)")
            }
        }

        private func writeBack(_ pages: String, of mount: TemporaryMount) throws {
            try mount.set("params/writeback", pages)
            #expect(
                Patience.wait(milliseconds: 20_000) {
                    (try? mount.control("stats/writeback"))?.contains("state done") == true
                })
        }

        @Test func aFileIsTakenAndGivenUp() throws {
            let mount = try TemporaryMount()
            #expect(try mount.control("params/backing") == "none")
            #expect(SystemCall.errno { try mount.set("params/writeback", "all") } == ENODEV)
            #expect(try set(file.path, of: mount) == "")
            #expect(try mount.control("params/backing") == file.path)
            #expect(try value("state", of: mount) == "takes pages")
            #expect(try value("capacity", of: mount) == "\(Self.byteCount)")
            #expect(try mount.control("stats/summary").contains("\(file.path), takes pages\n"))
            try mount.set("params/backing", "none")
            // Nothing was on it, so it is free after a moment.
            let lock = try OpenFile(file.path, for: .readingAndWriting)
            #expect(Patience.wait(milliseconds: 10_000) { (try? lock.tryLock()) == true })
            #expect(try mount.control("stats/backing") == "path none")
        }

        @Test func whatCannotBeOneIsRefusedAndSaid() throws {
            let mount = try TemporaryMount("backing=\(file.path)")
            let directory = try TemporaryDirectory()
            let small = try Self.makeFile("small", byteCount: 1 << 20)
            let (area, link) = (mount.path("area"), directory.path("link"))
            try mount.open("area").truncate(to: Self.byteCount)
            symlink(area, link)
            symlink(mount.path, directory.path("mount"))
            let own = "stands on this mount itself"
            for (path, error, words) in [
                ("relative/store", "Invalid argument", "must begin with /"),
                ("/no/such/store", "No such file or directory", "there is no such file"),
                (directory.path, "Invalid argument", "neither a regular file nor a block device"),
                ("/dev/null", "Invalid argument", "neither a regular file nor a block device"),
                (small.path, "Invalid argument", "are too few"),
                (area, "Invalid argument", own), (link, "Invalid argument", own),
                (directory.path("mount/area"), "Invalid argument", own),
                (mount.path("params/backing"), "Invalid argument", own),
                (mount.path("nothing"), "Invalid argument", own),
            ] {
                let said = try set(path, of: mount)
                #expect(said.contains(error), "\(path): \(said)")
                #expect(mount.daemon.says("\(path): "), "\(path)")
                #expect(mount.daemon.says(words), "\(path)")
                #expect(try mount.control("params/backing") == file.path)
            }
        }

        @Test(.enabled(if: MountHost.canAttach, "needs root, loop devices and losetup"))
        func aLoopDeviceOnAnAreaIsTheOwnMount() throws {
            let mount = try TemporaryMount()
            try mount.open("area").truncate(to: Self.byteCount)
            let (status, text) = try SwapHost.run("losetup", ["-f", "--show", mount.path("area")])
            try #require(status == 0, "\(text)")
            let device = text.trimmingCharacters(in: .whitespacesAndNewlines)
            defer {
                _ = try? SwapHost.run("losetup", ["-d", device])
                _ = Patience.wait(milliseconds: 10_000) {
                    !LoopDevice.attached().contains { $0.path == device }
                }
            }
            #expect(try set(device, of: mount).contains("Invalid argument"))
            #expect(mount.daemon.says("\(device): stands on this mount itself"))
            #expect(try mount.control("params/backing") == "none")
        }

        /// Else two mounts could wait for each other for ever.
        @Test(.enabled(if: MountHost.canAttach, "needs root, loop devices and losetup"))
        func nothingOnAnotherMountIsTaken() throws {
            let (mount, other) = (try TemporaryMount(), try TemporaryMount())
            try other.open("area").truncate(to: 64 << 20)
            let directory = try TemporaryDirectory()
            let (bound, point) = (
                try directory.makeDirectory("bound"), try directory.makeDirectory("point")
            )
            var undo: [() -> Void] = []
            defer { undo.reversed().forEach { $0() } }
            func run(_ words: String...) throws -> String {
                let (status, text) = try SwapHost.run(words[0], Array(words.dropFirst()))
                try #require(status == 0, "\(words): \(text)")
                return text.trimmingCharacters(in: .whitespacesAndNewlines)
            }
            _ = try run("mount", "--bind", other.path, bound)
            undo.append { umount2(bound, CInt(MNT_DETACH)) }
            let loop = try run("losetup", "-f", "--show", other.path("area"))
            undo.append {
                _ = try? SwapHost.run("losetup", ["-d", loop])
                _ = Patience.wait(milliseconds: 10_000) {
                    !LoopDevice.attached().contains { $0.path == loop }
                }
            }
            _ = try run("mkfs.ext4", "-q", loop)
            _ = try run("mount", loop, point)
            undo.append { umount2(point, 0) }
            let inner = "\(point)/file"
            try OpenFile(inner, for: .creating).truncate(toByteCount: 8 << 20)
            let second = try run("losetup", "-f", "--show", inner)
            undo.append { _ = try? SwapHost.run("losetup", ["-d", second]) }
            for path in [other.path("area"), "\(bound)/area", loop, inner, second] {
                #expect(try set(path, of: mount).contains("Invalid argument"), "\(path)")
                #expect(mount.daemon.says("\(path): stands on a zswapfs mount"), "\(path)")
            }
            #expect(try mount.control("params/backing") == "none")
            let outcome = try BuiltProgram.run(
                ["mount", directory.path, "-o", "backing=\(other.path("area"))"])
            #expect(outcome.status == 64, "\(outcome)")
            #expect(outcome.errors.contains("stands on a zswapfs mount"), "\(outcome)")
        }

        /// The table of segments does not fit what the daemon may have.
        @Test func withoutMemoryForItNothingChanges() throws {
            let mount = try TemporaryMount("backing=\(file.path)", "compressor=zstd")
            let large = try Self.makeFile("large", byteCount: 4 << 40)
            try mount.stopDataGrowth()
            #expect(try set(large.path, of: mount).contains("Cannot allocate memory"))
            #expect(try mount.control("params/backing") == file.path)
            for _ in 0..<50 { try mount.set("params/compact", "1") }
            #expect(try set("none", of: mount) == "")
            #expect(try mount.control("stats/metrics").contains("zswapfs"))
            try mount.limitData("unlimited")
            #expect(try set(large.path, of: mount) == "")
            #expect(try mount.control("params/backing") == large.path)
        }

        @Test func aFileBelongsToOneDaemon() throws {
            let first = try TemporaryMount("backing=\(file.path)")
            let second = try TemporaryMount()
            #expect(try set(file.path, of: second).contains("resource busy"))
            #expect(second.daemon.says("\(file.path): in use by another daemon"))
            #expect(try second.control("params/backing") == "none")
            try first.unmount()
            #expect(first.daemon.wait(seconds: 15)?.status == 0)
            #expect(try set(file.path, of: second) == "")
        }

        @Test func aMountWithoutItsBackingIsNone() throws {
            let directory = try TemporaryDirectory()
            let missing = directory.path("missing")
            let outcome = try BuiltProgram.run(
                ["mount", directory.path, "-o", "backing=\(missing)"])
            #expect(outcome.status == 64, "\(outcome)")
            #expect(outcome.errors.contains("backing=\(missing)"), "\(outcome)")
            #expect(outcome.errors.contains("there is no such file"), "\(outcome)")
            #expect(!MountHost.isMounted(directory.path))
        }

        @Test func pagesComeBackAsTheyWere() throws {
            let mount = try TemporaryMount("backing=\(file.path)")
            let area = try mount.open("area")
            let source = try Self.makeFile("source", byteCount: 0)
            let plain = try MountedFile(source.path)
            for file in [area, plain] { try Self.fill(file, pageCount: 400) }
            try writeBack("huge", of: mount)
            #expect(try mount.control("stats/bd_stat").words == ["100", "0", "100"])
            #expect(try mount.number("stats/stored_incompressible_pages") == 0)
            try writeBack("all", of: mount)
            // All but the 100 pages that are one word.
            #expect(try mount.control("stats/bd_stat").words == ["300", "0", "300"])
            #expect(try mount.number("stats/stored_size") == 0)
            #expect(try mount.number("stats/pool_total_size") == 0)
            #expect(try value("records", of: mount) == "300")
            let (status, text) = try SwapHost.run("cmp", [source.path, mount.path("area")])
            #expect(status == 0, "\(text)")
            // The kernel may read ahead, so a page may have been loaded twice.
            let loads = try mount.control("stats/bd_stat").words.compactMap { Int($0) }
            #expect(loads[0] == 300 && loads[1] >= 300 && loads[2] == 300, "\(loads)")
            #expect(try mount.control("stats/areas/area").contains("backing_pages 300\n"))
        }

        @Test func pagesPassWhileTheStoreIsDisabled() throws {
            let mount = try TemporaryMount("backing=\(file.path)")
            try mount.set("params/enabled", "N")
            let area = try mount.open("area")
            try Self.fill(area, pageCount: 200)
            #expect(
                Patience.wait(milliseconds: 10_000) {
                    (try? mount.number("stats/backing_pages")) == 150
                })
            #expect(try mount.number("stats/same_filled_pages") == 50)
            #expect(try mount.number("stats/failed_writes") == 0)
            try Self.expect(area, pageCount: 200)
            #expect(try mount.control("stats/summary").contains("(enabled is N)"))
        }

        @Test func withoutOneItDrains() throws {
            let mount = try TemporaryMount("backing=\(file.path)")
            let area = try mount.open("area")
            try Self.fill(area, pageCount: 200)
            try writeBack("all", of: mount)
            try mount.set("params/backing", "none")
            #expect(try value("state", of: mount) == "draining: takes no new pages")
            try Self.expect(area, pageCount: 200)
            // Overwritten and discarded, the last of them go.
            try area.write(Self.content(2), at: 0)
            #expect(try value("records", of: mount) == "149")
            try area.allocate(MountedFile.punchHole | MountedFile.keepSize, at: 0, count: 1 << 20)
            #expect(
                Patience.wait(milliseconds: 10_000) {
                    (try? mount.control("stats/backing")) == "path none"
                })
            let lock = try OpenFile(file.path, for: .readingAndWriting)
            #expect(Patience.wait(milliseconds: 10_000) { (try? lock.tryLock()) == true })
        }

        /// A loop device on a sparse file of a full disk answers that it wrote what it did not: the
        /// kernel takes a short write for a whole one. Reading the page fails.
        @Test(.enabled(if: MountHost.canAttach, "needs root, loop devices and losetup"))
        func aDeviceThatLiesGivesErrorsAndNoWrongBytes() throws {
            let directory = try TemporaryDirectory()
            let disk = try directory.makeDirectory("disk")
            func run(_ program: String, _ arguments: String...) throws -> String {
                let (status, text) = try SwapHost.run(program, arguments)
                try #require(status == 0, "\(program): \(text)")
                return text.trimmingCharacters(in: .whitespacesAndNewlines)
            }
            _ = try run("mount", "-t", "tmpfs", "-o", "size=1196k", "tmpfs", disk)
            defer { umount2(disk, CInt(MNT_DETACH)) }
            try OpenFile("\(disk)/store", for: .creating)
                .truncate(toByteCount: UInt64(Self.byteCount))
            let device = try run("losetup", "-f", "--show", "\(disk)/store")
            defer { _ = try? SwapHost.run("losetup", ["-d", device]) }
            let mount = try TemporaryMount("backing=\(device)")
            let area = try mount.open("area")
            try Self.fill(area, pageCount: 1000)
            try mount.set("params/writeback", "all")
            #expect(
                Patience.wait(milliseconds: 20_000) {
                    (try? mount.control("stats/writeback"))?.contains("state stopped") == true
                })
            #expect(mount.daemon.says("write-back to \(device): stopped after an error"))
            var lostCount = 0
            for page in 0..<1000 {
                do {
                    let bytes = try area.read(at: page * 4096, count: 4096)
                    #expect(bytes == Self.content(page), "page \(page)")
                } catch {
                    #expect(error.errno == EIO)
                    lostCount += 1
                }
            }
            print("\(lostCount) of 1000 pages went to a device that did not keep them")
            // One write of 512 KiB, of pages that are a third as long.
            #expect(lostCount < 400)
            let seen = try ["stats/checksum_fail", "stats/decompress_fail"].map(mount.number)
            #expect(seen[0] + seen[1] >= lostCount, "\(seen)")
            // Before the device.
            try area.close()
            try mount.unmount()
            #expect(mount.daemon.wait(seconds: 15)?.status == 0)
        }

        /// However a daemon ends, the next one gets the file.
        @Test(arguments: [SIGTERM, SIGKILL]) func nobodyKeepsTheFile(signal: CInt) throws {
            let mount = try TemporaryMount("backing=\(file.path)")
            let area = try mount.open("area")
            try Self.fill(area, pageCount: 100)
            try writeBack("all", of: mount)
            try area.close()
            mount.daemon.signal(signal)
            let outcome = try #require(mount.daemon.wait(seconds: 15))
            #expect(outcome.status == (signal == SIGTERM ? 0 : 128 + SIGKILL), "\(outcome)")
            let next = try TemporaryMount("backing=\(file.path)")
            #expect(try next.control("params/backing") == file.path)
            #expect(try value("records", of: next) == "0")
        }
    }
}

extension String {
    fileprivate var words: [String] { split(separator: " ").map(String.init) }
}
