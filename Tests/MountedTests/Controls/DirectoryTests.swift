import Foundation
import TestSupport
import Testing

/// Directories as programs read them: the numbers in listings, link counts, times, and how large
/// the filesystem says it is.
extension MountedTests {
    @Suite(.serialized, .timeLimit(.minutes(10))) struct DirectoryTests {
        private static let directories = [
            "", "params", "stats", "params/areas", "params/areas/area-7", "stats/areas",
            "stats/pools",
        ]

        /// Names and numbers of a directory, as readdir(3) gives them.
        private func listing(_ path: String) throws -> [(name: String, number: UInt)] {
            let directory = try #require(opendir(path), "\(path)")
            defer { closedir(directory) }
            var rows: [(String, UInt)] = []
            while let row = readdir(directory) {
                let name = withUnsafeBytes(of: row.pointee.d_name) {
                    String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
                }
                rows.append((name, UInt(row.pointee.d_ino)))
            }
            return rows
        }

        /// More areas than one answer of the kernel's first kind of listing has room for.
        @Test(arguments: MountHost.transports)
        func listingsHaveTheNumbersOfStat(transport: String) throws {
            let mount = try TemporaryMount("transport=\(transport)")
            for number in 0..<450 { try mount.open("area-\(number)").close() }
            for directory in Self.directories {
                // All names first, as `ls -i` and `find -inum` do.
                let rows = try listing(mount.path(directory))
                #expect(rows.count > 2, "\(directory)")
                for row in rows where directory != "" || row.name != ".." {
                    let path = mount.path(directory + "/" + row.name)
                    let status = try SystemCall.status(path)
                    #expect(UInt(status.st_ino) == row.number, "\(directory), \(row.name)")
                }
            }
            let root = try listing(mount.path)
            #expect(root.count == 454 && Set(root.map(\.number)).count == 453, "'.' is '..'")
        }

        @Test(arguments: MountHost.transports) func linkCounts(transport: String) throws {
            let mount = try TemporaryMount("transport=\(transport)")
            for number in 0..<9 { try mount.open("area-\(number)").close() }
            for directory in Self.directories {
                let path = mount.path(directory)
                let directories = try listing(path).filter { row in
                    let type = try SystemCall.status(path + "/" + row.name).st_mode & S_IFMT
                    return row.name != ".." && type == S_IFDIR
                }
                // One in the parent and one for each directory that names it, itself among them.
                let links = Int(try SystemCall.status(path).st_nlink)
                #expect(links == 1 + directories.count, "\(directory)")
            }
            #expect(try SystemCall.status(mount.path).st_nlink == 4)
        }

        private func time(_ path: String) throws -> (modified: Double, changed: Double) {
            func number(_ time: timespec) -> Double {
                Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
            }
            let status = try SystemCall.status(path)
            return (number(status.st_mtim), number(status.st_ctim))
        }

        @Test(arguments: MountHost.transports) func timesMoveWithNames(transport: String) throws {
            let mount = try TemporaryMount("transport=\(transport)")
            let changes: [(String, () throws -> Void)] = [
                ("create", { try mount.open("a").close() }),
                ("create", { try mount.open("b").close() }),
                ("rename", { try SystemCall.move(mount.path("a"), mount.path("c")) }),
                ("replace", { try SystemCall.move(mount.path("c"), mount.path("b")) }),
                ("unlink", { try SystemCall.remove(mount.path("b")) }),
            ]
            let paths = ["", "stats/areas", "params/areas"].map { mount.path($0) }
            for (name, change) in changes {
                let before = try paths.map { try time($0) }
                usleep(20_000)
                try change()
                let after = try paths.map { try time($0) }
                for (index, path) in paths.enumerated() {
                    #expect(after[index].modified > before[index].modified, "\(name), \(path)")
                    #expect(after[index].changed > before[index].changed, "\(name), \(path)")
                }
            }
        }

        @Test(arguments: MountHost.transports)
        func anotherPoolMovesTheTimeOfTheirList(transport: String) throws {
            let mount = try TemporaryMount("transport=\(transport)")
            let path = mount.path("stats/pools")
            let first = try SystemCall.status(path)
            usleep(20_000)
            #expect(try SystemCall.status(path).st_mtim.tv_nsec == first.st_mtim.tv_nsec)
            try mount.set("params/zpool", "zbud")
            let second = try SystemCall.status(path)
            let moved = (second.st_mtim.tv_sec, second.st_mtim.tv_nsec)
            #expect(moved > (first.st_mtim.tv_sec, first.st_mtim.tv_nsec))
        }

        @Test(arguments: MountHost.transports) func theRootCanBeTouched(transport: String) throws {
            let mount = try TemporaryMount("transport=\(transport)", "allow_other")
            let times = [timespec(tv_sec: -5, tv_nsec: 6), timespec(tv_sec: 1 << 33, tv_nsec: 7)]
            try SystemCall.run("utimensat") { utimensat(AT_FDCWD, mount.path, times, 0) }
            let set = try SystemCall.status(mount.path)
            #expect(set.st_atim.tv_sec == -5 && set.st_atim.tv_nsec == 6)
            #expect(set.st_mtim.tv_sec == 1 << 33 && set.st_mtim.tv_nsec == 7)
            #expect(abs(set.st_ctim.tv_sec - Foundation.time(nil)) < 60)
            try SystemCall.run("utimensat") { utimensat(AT_FDCWD, mount.path, nil, 0) }
            #expect(
                abs(try SystemCall.status(mount.path).st_mtim.tv_sec - Foundation.time(nil)) < 60)
            // What can't be set is refused aloud.
            for name in ["params", "stats", "stats/areas"] {
                let errno = SystemCall.errno {
                    try SystemCall.run("utimensat") {
                        utimensat(AT_FDCWD, mount.path(name), nil, 0)
                    }
                }
                #expect(errno == EPERM, "\(name)")
            }
            for path in [mount.path, mount.path("params"), mount.path("params/zpool")] {
                #expect(
                    SystemCall.errno { try SystemCall.run("chmod") { chmod(path, 0o700) } } == EPERM
                )
            }
        }

        @Test func aFilesystemAlwaysHasASize() throws {
            let mount = try TemporaryMount()
            func size() throws -> statvfs {
                var size = statvfs()
                try SystemCall.run("statvfs") { statvfs(mount.path, &size) }
                return size
            }
            try mount.set("params/max_pool_percent", "0")
            let empty = try size()
            #expect(empty.f_blocks == 1 && empty.f_bfree == 0 && empty.f_bavail == 0)
            let shown = try SwapHost.run("df", ["--output=pcent", mount.path])
            #expect(shown.0 == 0 && shown.1.contains("100%"), "\(shown)")
            // A limit below what is held: full, and as large as what is held.
            try mount.set("params/max_pool_percent", "20")
            let area = try mount.open("area")
            for page in 0..<300 {
                try area.write(PageContent.incompressible(UInt64(page)), at: page * 4096)
            }
            try mount.set("params/max_pool_percent", "0")
            let full = try size()
            let held = try mount.number("stats/pool_total_size")
            #expect(Int(full.f_blocks) * 4096 == held && held >= 300 * 4096)
            #expect(full.f_bfree == 0)
        }
    }
}
