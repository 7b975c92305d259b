import Foundation
import TestSupport
import Testing

/// The root directory: making, renaming, removing and listing areas.
extension MountedTests {
    @Suite(.serialized, .timeLimit(.minutes(10))) struct NameTests {
        private let mount: TemporaryMount

        init() throws { mount = try TemporaryMount() }

        private func errno(_ body: () -> CInt) -> CInt {
            SystemCall.errno { try SystemCall.run("call", body) }
        }

        @Test func anUnlinkedAreaLivesUntilItsLastClose() throws {
            let content = PageContent.incompressible(3)
            let file = try mount.open("area")
            let second = try mount.open("area")
            try file.write(content, at: 0)
            try SystemCall.remove(mount.path("area"))
            #expect(!SystemCall.exists(mount.path("area")))
            #expect(try file.read(at: 0, count: 5000) == content)
            #expect(try file.write(content, at: 4096) == 4096)
            #expect(try file.status().st_nlink == 0)
            // A new area of the same name is another one.
            let new = try mount.open("area")
            #expect(try new.size == 0)
            #expect(try new.status().st_ino != file.status().st_ino)
            try file.close()
            #expect(try second.read(at: 4096, count: 4096) == content)
            #expect(try mount.number("stats/stored_pages") == 2)
            try second.close()
            // The kernel closes for us a moment later.
            #expect(wait { try mount.number("stats/stored_pages") == 0 })
        }

        private func wait(_ condition: () throws -> Bool) -> Bool {
            for _ in 0..<500 {
                if (try? condition()) == true { return true }
                usleep(10_000)
            }
            return false
        }

        @Test func renamingReplaces() throws {
            let old = try mount.open("old")
            let target = try mount.open("target")
            try old.write([1], at: 0)
            try target.write([2, 2], at: 0)
            try SystemCall.move(mount.path("old"), mount.path("target"))
            #expect(!SystemCall.exists(mount.path("old")))
            #expect(try SystemCall.status(mount.path("target")).st_size == 1)
            #expect(try mount.open("target").read(at: 0, count: 9) == [1])
            // The one it replaced is still open, and still what it was.
            #expect(try target.read(at: 0, count: 9) == [2, 2])
            #expect(try old.read(at: 0, count: 9) == [1])
            try SystemCall.move(mount.path("target"), mount.path("target"))
            #expect(
                SystemCall.errno {
                    try SystemCall.move(mount.path("none"), mount.path("other"))
                } == ENOENT)
            let outside = try TemporaryDirectory()
            #expect(
                SystemCall.errno {
                    try SystemCall.move(mount.path("target"), outside.path("file"))
                } == EXDEV)
        }

        @Test func namesAreUpTo255BytesOfUTF8() throws {
            for name in [String(repeating: "n", count: 255), "ä ö", "a\nb", "-x", "..."] {
                let file = try mount.open(name)
                try file.write(Array(name.utf8), at: 0)
                #expect(try mount.open(name, O_RDONLY).read(at: 0, count: 300) == Array(name.utf8))
            }
            let long = String(repeating: "n", count: 256)
            #expect(SystemCall.errno { _ = try mount.open(long) } == ENAMETOOLONG)
            #expect(
                SystemCall.errno { _ = try SystemCall.status(mount.path(long)) } == ENAMETOOLONG)
            let bytes = (Array(mount.path.utf8) + [0x2f, 0xff, 0xfe, 0]).map(
                CChar.init(bitPattern:))
            let made = open(bytes, O_CREAT | O_RDWR, 0o644)
            #expect(made == -1 && Glibc.errno == EILSEQ)
        }

        @Test func onlyAreasCanBeMade() throws {
            let area = mount.path("area")
            _ = try mount.open("area")
            #expect(errno { mkdir(mount.path("new"), 0o755) } == EPERM)
            #expect(errno { symlink("area", mount.path("new")) } == EPERM)
            #expect(errno { link(area, mount.path("new")) } == EPERM)
            #expect(errno { mkfifo(mount.path("new"), 0o644) } == EPERM)
            #expect(errno { mknod(mount.path("new"), S_IFCHR | 0o644, 0x103) } == EPERM)
            #expect(!SystemCall.exists(mount.path("new")))
            #expect(errno { mknod(mount.path("plain"), S_IFREG | 0o600, 0) } == 0)
            #expect(try SystemCall.status(mount.path("plain")).st_mode == S_IFREG | 0o600)
        }

        @Test func controlNamesAreReserved() throws {
            let area = mount.path("area")
            _ = try mount.open("area")
            for name in ["params", "stats"] {
                let path = mount.path(name)
                #expect(SystemCall.errno { _ = try mount.open(name) } == EISDIR)
                #expect(errno { mknod(path, S_IFREG | 0o600, 0) } == EEXIST)
                #expect(errno { rmdir(path) } == EPERM)
                #expect(errno { unlink(path) } == EISDIR)
                #expect(errno { rename(area, path) } == EISDIR)
                #expect(errno { rename(path, mount.path("other")) } == EPERM)
                #expect(errno { rename(area, path + "/area") } == EPERM)
                #expect(SystemCall.errno { _ = try mount.open(name + "/new") } == EPERM)
            }
            #expect(errno { unlink(mount.path("params/zpool")) } == EPERM)
            #expect(SystemCall.exists(mount.path("params/zpool")))
            #expect(SystemCall.exists(area))
        }

        @Test func hundredsOfAreasAreListed() throws {
            let names = (0..<600).map { "area-with-a-name-of-some-length-\($0)" }
            for name in names { try mount.open(name).write([1], at: 0) }
            let listed = try FileManager.default.contentsOfDirectory(atPath: mount.path)
            #expect(Set(listed) == Set(names + ["params", "stats"]))
            #expect(listed.count == names.count + 2, "a name is listed twice")
            // `ls -l` asks for attributes: READDIRPLUS.
            let (status, text) = try SwapHost.run("ls", ["-l", mount.path])
            #expect(status == 0)
            let lines = text.split(separator: "\n").filter { $0.hasPrefix("-rw") }
            #expect(lines.count == names.count)
            #expect(lines.allSatisfy { $0.contains(" 1 ") })
            for name in names { try SystemCall.remove(mount.path(name)) }
            let left = try FileManager.default.contentsOfDirectory(atPath: mount.path)
            #expect(Set(left) == ["params", "stats"])
        }

        @Test func aListingIsOfOneMomentAndRewindMakesItNew() throws {
            for number in 0..<100 { _ = try mount.open("area-\(number)") }
            let stream = try #require(opendir(mount.path))
            defer { closedir(stream) }
            var count = 0
            while readdir(stream) != nil { count += 1 }
            #expect(count == 104)
            for number in 0..<50 { try SystemCall.remove(mount.path("area-\(number)")) }
            rewinddir(stream)
            count = 0
            while readdir(stream) != nil { count += 1 }
            #expect(count == 54)
        }

        @Test func thereIsAMostOfAreas() throws {
            var made = 0
            var refusal: CInt = 0
            while refusal == 0, made < 5000 {
                refusal = errno { mknod(mount.path("area-\(made)"), S_IFREG | 0o600, 0) }
                if refusal == 0 { made += 1 }
            }
            #expect(refusal == ENOSPC)
            #expect(made == 4096)
            try SystemCall.remove(mount.path("area-17"))
            #expect(wait { (try? mount.open("another")) != nil })
        }
    }
}
