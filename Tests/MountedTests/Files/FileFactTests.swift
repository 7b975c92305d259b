import Foundation
import LinuxSystem
import TestSupport
import Testing

/// The properties that programs rely on when they copy, list and map files.
extension MountedTests {
    @Suite(.serialized, .timeLimit(.minutes(10))) struct FileFactTests {
        /// tar and cp take a file without blocks for one hole.
        @Test func anAreaWithPagesHasBlocks() throws {
            let mount = try TemporaryMount()
            let file = try mount.open("area")
            #expect(try file.status().st_blocks == 0)
            try file.write([UInt8](repeating: 65, count: 8192), at: 0)
            #expect(try mount.number("stats/same_filled_pages") == 2)
            #expect(try file.status().st_blocks > 0)
            try file.truncate(to: 0)
            #expect(try file.status().st_blocks == 0)
        }

        @Test func pagesOnTheBackingStoreHaveBlocks() throws {
            let backing = TemporaryFile("blocks")
            try Data().write(to: URL(filePath: backing.path))
            #expect(truncate(backing.path, 16 << 20) == 0)
            let mount = try TemporaryMount("backing=\(backing.path)")
            let file = try mount.open("area")
            for page in 0..<16 {
                try file.write(PageContent.incompressible(UInt64(page)), at: page * 4096)
            }
            let before = try file.status().st_blocks
            try mount.set("params/writeback", "all")
            let isDone = Patience.wait(milliseconds: 20_000) {
                (try? mount.number("stats/backing_pages")) == 16
            }
            #expect(isDone)
            usleep(1_100_000)
            #expect(try file.status().st_blocks == before)
        }

        @Test func listingsShowTheNumbersOfStat() throws {
            let mount = try TemporaryMount()
            for number in 0..<300 { _ = try mount.open("area\(number)") }
            for directory in ["", "params", "stats", "params/areas", "stats/areas", "stats/pools"] {
                let path = mount.path(directory)
                var rows: [(name: String, number: UInt)] = []
                let stream = try #require(opendir(path))
                while let row = readdir(stream) {
                    let name = withUnsafeBytes(of: row.pointee.d_name) {
                        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
                    }
                    rows.append((name, row.pointee.d_ino))
                }
                closedir(stream)
                for row in rows where directory.isEmpty == false || row.name != ".." {
                    var status = stat()
                    #expect(lstat("\(path)/\(row.name)", &status) == 0)
                    #expect(status.st_ino == row.number, "\(directory)/\(row.name)")
                }
            }
        }

        @Test func directoriesCountLinksAndMoveTheirTimes() throws {
            let mount = try TemporaryMount()
            func status(_ name: String) -> stat {
                var status = stat()
                #expect(lstat(mount.path(name), &status) == 0)
                return status
            }
            #expect(status("").st_nlink == 4)
            let links = status("params/areas").st_nlink
            let old = [timespec](repeating: timespec(tv_sec: 1000, tv_nsec: 5), count: 2)
            func moves(_ what: String, _ body: () throws -> Void) throws {
                #expect(utimensat(AT_FDCWD, mount.path, old, 0) == 0)
                #expect(status("").st_mtim.tv_sec == 1000 && status("").st_atim.tv_nsec == 5)
                try body()
                #expect(status("").st_mtim.tv_sec > 1000, "\(what)")
                #expect(status("").st_ctim.tv_sec > 1000, "\(what)")
                #expect(status("stats/areas").st_mtim.tv_sec > 1000, "\(what)")
            }
            try moves("create") { _ = try mount.open("a") }
            #expect(status("params/areas").st_nlink == links + 1)
            try moves("rename") { #expect(rename(mount.path("a"), mount.path("b")) == 0) }
            try moves("unlink") { #expect(unlink(mount.path("b")) == 0) }
        }

        @Test func aLimitOf0IsAFullFilesystem() throws {
            let mount = try TemporaryMount("max_pool_percent=0")
            var statistics = statvfs()
            #expect(statvfs(mount.path, &statistics) == 0)
            #expect(statistics.f_blocks > 0 && statistics.f_bfree == 0)
        }

        /// A user who may write but is not root clears the bits, by every kind of change.
        @Test(arguments: MountHost.transports)
        func foreignChangesTakeSetUserID(transport: String) throws {
            let mount = try TemporaryMount("allow_other", "transport=\(transport)")
            let path = mount.path("area")
            let changes = [
                "echo x >> \(path)", "echo x > \(path)", "truncate -s 9 \(path)",
                "dd if=/dev/zero of=\(path) bs=1 count=1 conv=notrunc status=none",
                "fallocate -p -o 0 -l 4096 \(path)",
            ]
            for change in changes {
                let file = try mount.open("area")
                try file.truncate(to: 8192)
                #expect(fchmod(file.descriptor, 0o6777) == 0)
                let words = [
                    "--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-c", change,
                ]
                let outcome = try ProgramRun.finish("/usr/bin/setpriv", words)
                #expect(outcome.status == 0, "\(change): \(outcome)")
                #expect(try file.status().st_mode & 0o7777 == 0o777, "\(change)")
                #expect(fchmod(file.descriptor, 0o6767) == 0)
                _ = try ProgramRun.finish("/usr/bin/setpriv", words)
                #expect(try file.status().st_mode & 0o7777 == 0o2767, "\(change)")
                #expect(fchmod(file.descriptor, 0o6777) == 0)
                try file.write([1], at: 0)
                #expect(try file.status().st_mode & 0o7777 == 0o6777, "root keeps them")
                #expect(fchown(file.descriptor, 12, 34) == 0)
                #expect(try file.status().st_mode & 0o7777 == 0o777, "a new owner")
                #expect(unlink(path) == 0)
            }
        }

        /// A shared mapping beside plain and direct reads and writes: each sees the others.
        @Test(arguments: MountHost.transports)
        func sharedMappingsAreCoherent(transport: String) throws {
            let mount = try TemporaryMount("transport=\(transport)")
            let file = try mount.open("area")
            let size = 64 * 4096
            try file.truncate(to: size)
            let protection = PROT_READ | PROT_WRITE
            let mapping = mmap(nil, size, protection, MAP_SHARED, file.descriptor, 0)
            guard mapping != MAP_FAILED else {
                // libfuse or the kernel does not support it; then neither supports io_uring.
                #expect(errno == ENODEV && !MountHost.hasRing)
                return
            }
            let bytes = try #require(mapping).assumingMemoryBound(to: UInt8.self)
            defer { munmap(mapping, size) }
            let direct = try mount.open("area", O_RDWR | MountedFile.direct)
            let page = UnsafeMutableRawPointer.allocate(byteCount: 4096, alignment: 4096)
            defer { page.deallocate() }
            var random = SplitMix64(seed: 7)
            var model = [UInt8](repeating: 0, count: size)
            for _ in 0..<600 {
                let byte = UInt8(truncatingIfNeeded: random.next())
                let offset = Int(random.next() % 64) * 4096
                let content = [UInt8](repeating: byte, count: 4096)
                switch random.next() % 5 {
                case 0:
                    bytes[offset + 17] = byte
                    model[offset + 17] = byte
                case 1:
                    try file.write(content, at: offset)
                    model.replaceSubrange(offset..<offset + 4096, with: content)
                case 2:
                    let read = try file.read(at: offset, count: 4096)
                    #expect(read == Array(model[offset..<offset + 4096]))
                case 3:
                    page.initializeMemory(as: UInt8.self, repeating: byte, count: 4096)
                    #expect(pwrite(direct.descriptor, page, 4096, offset) == 4096)
                    model.replaceSubrange(offset..<offset + 4096, with: content)
                default: #expect(bytes[offset + 17] == model[offset + 17])
                }
            }
            #expect(msync(mapping, size, MS_SYNC) == 0)
            #expect(try file.read(at: 0, count: size) == model)
        }
    }
}
