import Foundation
import TestSupport
import Testing

/// Numbers at the borders of what system calls take, at every kind of file there is: each call is
/// done or refused with an errno, and the daemon goes on.
extension MountedTests {
    @Suite(.serialized, .timeLimit(.minutes(10))) struct BorderValueTests {
        private static let borders: [Int] =
            [.min, .min + 1, -4096, -1, 0, 1, 4095, 4096, 4097, 1 << 21, 1 << 32]
            + [1 << 44 - 4096, 1 << 44 - 1, 1 << 44, 1 << 44 + 1, 1 << 62]
            + [.max - 4096, .max - 4095, .max - 1, .max]
        private static let seconds: [Int] =
            [.min, .min + 1, -(1 << 34), -(1 << 31) - 1, -2, -1, 0, 1, 1 << 31, 1 << 32]
            + [18_446_744_073, 1 << 34, .max / 1_000_000_000 + 1, .max - 1, .max]

        /// copy_file_range(2), which Swift's module of the C library does not have.
        private static let copyRange:
            (
                @convention(c) (
                    CInt, UnsafeMutablePointer<Int>, CInt, UnsafeMutablePointer<Int>, Int, UInt32
                ) -> Int
            )? =
                dlsym(nil, "copy_file_range").map {
                    unsafeBitCast(
                        $0,
                        to: (@convention(c) (
                            CInt, UnsafeMutablePointer<Int>, CInt, UnsafeMutablePointer<Int>, Int,
                            UInt32
                        ) -> Int).self)
                }

        private func check(_ mount: TemporaryMount, _ file: MountedFile) throws {
            #expect(mount.daemon.isRunning)
            #expect(try file.write([1, 2, 3], at: 4095) == 3)
            #expect(try file.read(at: 4095, count: 3) == [1, 2, 3])
            #expect(try mount.number("stats/failed_reads") == 0)
        }

        /// All kinds of files: an area, a control file, one that can only be read, directories.
        private func targets(_ mount: TemporaryMount) throws -> [MountedFile] {
            var targets = [
                try mount.open("area"), try mount.open("params/max_pool_percent", O_RDWR),
                try mount.open("stats/summary", O_RDONLY),
            ]
            for name in ["", "params", "stats/areas"] {
                targets.append(try MountedFile(mount.path(name), O_RDONLY | O_DIRECTORY))
            }
            return targets
        }

        @Test(arguments: MountHost.transports) func ranges(transport: String) throws {
            let mount = try TemporaryMount("transport=\(transport)")
            let area = try mount.open("area")
            let copyRange = try #require(Self.copyRange)
            var bytes = [UInt8](repeating: 0x5a, count: 8192)
            for target in try targets(mount) {
                let descriptor = target.descriptor
                for offset in Self.borders {
                    for count in [0, 1, 4097, 8192] {
                        _ = pread(descriptor, &bytes, count, offset)
                        _ = pwrite(descriptor, bytes, count, offset)
                    }
                    for whence in [SEEK_SET, SEEK_CUR, SEEK_END, 3, 4, 5, .max] {
                        _ = lseek(descriptor, offset, whence)
                    }
                    for length in Self.borders {
                        for mode in [0, 1, 2, 3, 8, 16, 17, 32, 64] as [CInt] {
                            _ = SystemCall.errno {
                                try target.allocate(mode, at: offset, count: length)
                            }
                        }
                        // Not so long that it would be copied for hours.
                        var (from, to) = (offset, length)
                        _ = copyRange(descriptor, &from, area.descriptor, &to, 4097, 0)
                        (from, to) = (offset, length)
                        _ = copyRange(area.descriptor, &from, descriptor, &to, 4097, 0)
                    }
                    _ = ftruncate(descriptor, offset)
                }
                #expect(mount.daemon.isRunning, "\(target.path)")
            }
            try mount.set("params/max_pool_percent", "20")
            try check(mount, area)
        }

        @Test(arguments: MountHost.transports) func directoryPositions(transport: String) throws {
            let mount = try TemporaryMount("transport=\(transport)")
            let area = try mount.open("area")
            for name in ["", "params", "stats/areas"] {
                let directory = try #require(opendir(mount.path(name)))
                defer { closedir(directory) }
                for position in Self.borders {
                    seekdir(directory, position)
                    _ = readdir(directory)
                }
                rewinddir(directory)
                #expect(readdir(directory) != nil)
            }
            try check(mount, area)
        }

        @Test(arguments: MountHost.transports) func attributes(transport: String) throws {
            let mount = try TemporaryMount("transport=\(transport)")
            let area = try mount.open("area")
            for target in try targets(mount) {
                for seconds in Self.seconds {
                    for nanoseconds in [-1, 0, 1, 999_999_999, 1_000_000_000, .min, .max] {
                        let times = [
                            timespec(tv_sec: seconds, tv_nsec: nanoseconds),
                            timespec(tv_sec: -1, tv_nsec: 5),
                        ]
                        _ = futimens(target.descriptor, times)
                    }
                }
                for mode in [0, 0o777, 0o7777, 0o644, .max] as [mode_t] {
                    _ = fchmod(target.descriptor, mode)
                }
                for owner in [.max, .max - 1, 1 << 31, 0] as [uid_t] {
                    _ = fchown(target.descriptor, owner, owner)
                }
                #expect(mount.daemon.isRunning, "\(target.path)")
            }
            try check(mount, area)
        }

        /// Exactly as they were set, as on ext4 with its largest inodes and beyond.
        @Test(arguments: MountHost.transports) func timesAreExact(transport: String) throws {
            let mount = try TemporaryMount("transport=\(transport)")
            let area = try mount.open("area")
            // The kernel has no parts of the first and of the last second.
            for seconds in Self.seconds where seconds != .min && seconds != .max {
                for nanoseconds in [0, 1, 999_999_999] {
                    let times = [
                        timespec(tv_sec: seconds, tv_nsec: nanoseconds),
                        timespec(tv_sec: seconds, tv_nsec: 999_999_999 - nanoseconds),
                    ]
                    try SystemCall.run("futimens") { futimens(area.descriptor, times) }
                    let status = try area.status()
                    #expect(status.st_atim.tv_sec == seconds)
                    #expect(status.st_atim.tv_nsec == nanoseconds)
                    #expect(status.st_mtim.tv_sec == seconds)
                    #expect(status.st_mtim.tv_nsec == 999_999_999 - nanoseconds)
                }
            }
            for seconds in [Int.min, Int.max] {
                let time = timespec(tv_sec: seconds, tv_nsec: 0)
                try SystemCall.run("futimens") { futimens(area.descriptor, [time, time]) }
                #expect(try area.status().st_atim.tv_sec == seconds)
                #expect(try area.status().st_mtim.tv_sec == seconds)
            }
            // The kernel asks the daemon again.
            let kept = [
                timespec(tv_sec: -86_400, tv_nsec: 250),
                timespec(tv_sec: 18_460_828_800, tv_nsec: 7),
            ]
            try SystemCall.run("futimens") { futimens(area.descriptor, kept) }
            try SystemCall.move(mount.path("area"), mount.path("other"))
            usleep(1_100_000)
            let status = try SystemCall.status(mount.path("other"))
            #expect(status.st_atim.tv_sec == -86_400 && status.st_atim.tv_nsec == 250)
            #expect(status.st_mtim.tv_sec == 18_460_828_800 && status.st_mtim.tv_nsec == 7)
            try check(mount, area)
        }

        /// A write is a change of the inode as well, with any times that its owner set.
        @Test func writingMovesBothTimes() throws {
            let mount = try TemporaryMount()
            let area = try mount.open("area")
            let past = [timespec(tv_sec: 1, tv_nsec: 0), timespec(tv_sec: 1, tv_nsec: 0)]
            try SystemCall.run("futimens") { futimens(area.descriptor, past) }
            let before = try area.status()
            usleep(1_100_000)
            try area.write([1], at: 0)
            usleep(1_100_000)
            let after = try area.status()
            #expect(after.st_mtim.tv_sec > before.st_ctim.tv_sec)
            #expect(after.st_ctim.tv_sec > before.st_ctim.tv_sec)
        }

        @Test(
            .enabled(if: MountHost.canDropPrivileges, "needs setpriv"),
            arguments: MountHost.transports)
        func anOwnerWithoutPrivileges(transport: String) throws {
            let mount = try TemporaryMount("transport=\(transport)", "allow_other")
            let area = try mount.open("area")
            try SystemCall.run("fchown") { fchown(area.descriptor, 65534, 65534) }
            for (date, seconds) in [("2555-01-01T00:00:00Z", 18_460_828_800), ("@-1", -1)] {
                let touched = try MountHost.asNobody("touch", ["-d", date, area.path])
                #expect(touched.status == 0, "\(touched)")
                #expect(try area.status().st_mtim.tv_sec == seconds)
            }
            try check(mount, area)
        }
    }
}
