import Foundation
import TestSupport
import Testing

/// The results of stat(2) and statfs(2), and the attributes that can be changed.
extension MountedTests {
    @Suite(.serialized, .timeLimit(.minutes(10))) struct AttributeTests {
        private let mount: TemporaryMount

        init() throws { mount = try TemporaryMount("max_pool_percent=10") }

        @Test func ownerAndModeAreKept() throws {
            let file = try mount.open("area")
            let made = try file.status()
            #expect(made.st_uid == geteuid())
            #expect(made.st_gid == getegid())
            #expect(made.st_mode & S_IFMT == S_IFREG)
            #expect(made.st_nlink == 1)
            #expect(made.st_blksize == 4096)
            try SystemCall.run("fchmod") { fchmod(file.descriptor, 0o1640) }
            #expect(try file.status().st_mode == S_IFREG | 0o1640)
            try SystemCall.run("fchown") { fchown(file.descriptor, 12, 34) }
            #expect(try file.status().st_uid == 12)
            #expect(try file.status().st_gid == 34)
            try SystemCall.run("fchown") { fchown(file.descriptor, uid_t.max, 56) }
            #expect(try file.status().st_uid == 12)
            #expect(try file.status().st_gid == 56)
        }

        @Test func timesAreKept() throws {
            let file = try mount.open("area")
            let times = [
                timespec(tv_sec: 1_000_000_000, tv_nsec: 123_456_789),
                timespec(tv_sec: 2_000_000_000, tv_nsec: 987_654_321),
            ]
            try SystemCall.run("futimens") { futimens(file.descriptor, times) }
            let status = try file.status()
            #expect(status.st_atim.tv_sec == 1_000_000_000)
            #expect(status.st_atim.tv_nsec == 123_456_789)
            #expect(status.st_mtim.tv_sec == 2_000_000_000)
            #expect(status.st_mtim.tv_nsec == 987_654_321)
            #expect(status.st_ctim.tv_sec > 1_000_000_000)
            try file.write([1], at: 0)
            usleep(1_100_000)
            let written = try file.status()
            #expect(written.st_mtim.tv_sec != 2_000_000_000)
            #expect(abs(written.st_mtim.tv_sec - time(nil)) < 60)
            #expect(written.st_atim.tv_sec == 1_000_000_000)
        }

        @Test func growingAndShrinkingAreChanges() throws {
            let file = try mount.open("area")
            let old = [timespec(tv_sec: 1000, tv_nsec: 0), timespec(tv_sec: 1000, tv_nsec: 0)]
            try file.write(PageContent.incompressible(1), at: 0)
            for size in [10_000, 100] {
                try SystemCall.run("futimens") { futimens(file.descriptor, old) }
                try file.truncate(to: size)
                #expect(try file.status().st_mtim.tv_sec != 1000, "truncated to \(size)")
            }
            try SystemCall.run("futimens") { futimens(file.descriptor, old) }
            _ = try mount.open("area", O_RDWR | O_TRUNC)
            usleep(1_100_000)
            #expect(try file.status().st_mtim.tv_sec != 1000)
        }

        @Test func theFilesystemHasPagesForBlocks() throws {
            var before = statvfs()
            try SystemCall.run("statvfs") { statvfs(mount.path, &before) }
            #expect(before.f_bsize == 4096)
            #expect(before.f_frsize == 4096)
            #expect(before.f_namemax == 255)
            #expect(before.f_files == 4096)
            #expect(Int(before.f_blocks) * 4096 == (try mount.number("stats/pool_limit_size")))
            let file = try mount.open("area")
            for page in 0..<100 {
                try file.write(PageContent.incompressible(UInt64(page)), at: page * 4096)
            }
            var after = statvfs()
            try SystemCall.run("statvfs") { statvfs(mount.path, &after) }
            #expect(before.f_bfree - after.f_bfree >= 100)
            #expect(before.f_ffree - after.f_ffree == 1)
        }

        @Test func synchronisingAndAskingForAccess() throws {
            let file = try mount.open("area")
            #expect(fsync(file.descriptor) == 0)
            #expect(fdatasync(file.descriptor) == 0)
            #expect(access(mount.path("area"), R_OK | W_OK) == 0)
        }

        /// Bad addresses, lock(2)s and descriptors of the wrong kind are the kernel's business;
        /// none of them may disturb the daemon.
        @Test func oddCallsLeaveTheMountServing() throws {
            let file = try mount.open("area")
            #expect(pwrite(file.descriptor, UnsafeRawPointer(bitPattern: 8), 4096, 0) == -1)
            #expect(errno == EFAULT)
            #expect(flock(file.descriptor, LOCK_EX) == 0)
            #expect(flock(file.descriptor, LOCK_UN) == 0)
            let reading = try mount.open("area", O_RDONLY)
            #expect(SystemCall.errno { try reading.write([1], at: 0) } == EBADF)
            let directory = try MountedFile(mount.path, O_RDONLY | O_DIRECTORY)
            #expect(SystemCall.errno { _ = try directory.read(at: 0, count: 1) } == EISDIR)
            #expect(SystemCall.errno { _ = try mount.open("area/below") } == ENOTDIR)
            #expect(try file.write([1], at: 0) == 1)
        }
    }
}
