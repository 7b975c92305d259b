import CFuse
import Glibc
import SwapStore
import TestSupport
import Testing
import ZswapCore

@testable import FuseServer

extension FuseServerTests {
    /// A request with any numbers is done or refused: on areas, on the root, on control
    /// files and on numbers that mean nothing. A trap would end the test program.
    @Suite struct BorderValueTests {
        private let rig: OperationsFixture
        private let targets: [UInt64]

        private static let borders: [UInt64] =
            [0, 1, 4095, 4096, 4097, 1 << 21, 1 << 31, 1 << 32, 1 << 62]
            + [Limits.areaByteCountMax - 1, Limits.areaByteCountMax, Limits.areaByteCountMax + 1]
            + [1 << 63 - 1, 1 << 63, 1 << 63 + 1, .max - 4095, .max - 1, .max]

        init() throws {
            rig = try OperationsFixture()
            let area = try rig.create("area")
            _ = try rig.write(PageContent.incompressible(1), to: area)
            let control = try rig.lookUp("params", "zpool")
            _ = try rig.operations.open(control, flags: O_RDWR, rig.worker)
            targets = [
                area, control, OperationsFixture.root, try rig.lookUp("params"), 0, 0x1fff, .max,
            ]
        }

        /// Files that are not open, more often than they were opened, and unknown numbers.
        @Test func anythingCanBeReleasedAndForgotten() throws {
            let kept = try rig.create("kept")
            _ = try rig.operations.open(kept, flags: O_RDWR, rig.worker)
            for target in targets {
                for handle in Self.borders {
                    rig.operations.release(target, handle: handle, rig.worker)
                    rig.operations.forget(target, count: handle, rig.worker)
                }
            }
            #expect(try rig.write(PageContent.incompressible(2), to: kept) == Page.byteCount)
            let again = try rig.create("again")
            #expect(try rig.write(PageContent.incompressible(3), to: again) == Page.byteCount)
        }

        @Test func rangesOfAnyNumbers() throws {
            for target in targets {
                for offset in Self.borders {
                    for count in [0, 1, 4096, 4097] {
                        _ = rig.errno {
                            _ = try rig.read(target, at: offset, count: count)
                        }
                        _ = rig.errno {
                            let bytes = [UInt8](repeating: 3, count: count)
                            _ = try rig.write(bytes, to: target, at: offset)
                        }
                    }
                    for length in Self.borders {
                        for mode in [0, 1, 3, 16, 17, .max] as [UInt32] {
                            _ = rig.errno {
                                try rig.operations.fallocate(
                                    target, mode: mode, at: offset, byteCount: length, rig.worker)
                            }
                        }
                    }
                    for whence in [0, 3, 4, .min, .max] as [CInt] {
                        let position = Int(Int64(bitPattern: offset))
                        _ = rig.errno {
                            _ = try rig.operations.seek(
                                target, from: position, whence: whence, rig.worker)
                        }
                    }
                }
            }
            // It still serves.
            let area = targets[0]
            #expect(try rig.write([1, 2, 3], to: area, at: 5) == 3)
            #expect(try rig.read(area, at: 5, count: 3) == [1, 2, 3])
        }

        /// As libfuse hands them on: 64 bits that the kernel sent without a sign have one.
        @Test func attributesOfAnyNumbers() throws {
            for target in targets {
                for seconds in Self.borders.map({ Int(Int64(bitPattern: $0)) }) {
                    for nanoseconds in [0, 999_999_999, 1_000_000_000, -1, .min, .max] {
                        var new = stat()
                        new.st_size = seconds
                        new.st_atim = timespec(tv_sec: seconds, tv_nsec: nanoseconds)
                        new.st_mtim = new.st_atim
                        new.st_mode = .max
                        for mask in [
                            FUSE_SET_ATTR_SIZE, FUSE_SET_ATTR_ATIME | FUSE_SET_ATTR_MTIME,
                            FUSE_SET_ATTR_MODE, .max, .min, -1,
                        ] {
                            let errno = rig.errno {
                                let changes = try requested(new, mask)
                                _ = try rig.operations.setAttributes(target, changes, rig.worker)
                            }
                            let hasTime = mask & FUSE_SET_ATTR_ATIME != 0
                            if hasTime, !(0..<1_000_000_000).contains(nanoseconds) {
                                #expect(errno == EINVAL)
                            }
                        }
                    }
                }
            }
        }

        private func requested(_ new: stat, _ mask: CInt) throws -> Operations.Changes {
            try Callbacks.changes(
                new, mask, by: Operations.privilegedUser, now: rig.fixture.store.fileTime)
        }

        @Test func timesAreExactInEntries() throws {
            let area = targets[0]
            for seconds in [.min, -1, 0, .max] {
                var new = stat()
                new.st_mtim = timespec(tv_sec: seconds, tv_nsec: 999_999_999)
                let changes = try requested(new, FUSE_SET_ATTR_MTIME)
                let set = try rig.operations.setAttributes(area, changes, rig.worker).0
                #expect(set.st_mtim.tv_sec == seconds && set.st_mtim.tv_nsec == 999_999_999)
                let entry = try rig.operations.lookUp(OperationsFixture.root, "area")
                let out = Reply.entryOut(entry).attr
                #expect(Int(Int64(bitPattern: out.mtime)) == seconds)
                #expect(out.mtimensec == 999_999_999)
            }
        }

        @Test func sizesBeyondTheLargestAreaAreRefused() throws {
            for size in Self.borders where size > Limits.areaByteCountMax {
                var new = stat()
                new.st_size = Int(Int64(bitPattern: size))
                let errno = rig.errno {
                    let changes = try requested(new, FUSE_SET_ATTR_SIZE)
                    _ = try rig.operations.setAttributes(targets[0], changes, rig.worker)
                }
                #expect(errno == EFBIG, "\(size)")
            }
            #expect(try rig.read(targets[0], count: 4096) == PageContent.incompressible(1))
        }
    }
}
