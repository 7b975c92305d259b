import ControlTree
import Glibc
import Maintenance
import SwapStore
import TestSupport
import Testing
import ZswapCore

@testable import FuseServer

extension FuseServerTests {
    /// Attributes, control files, listings, and which error is which errno.
    @Suite struct ControlTests {
        private let rig: OperationsFixture

        init() throws { rig = try OperationsFixture() }

        @Test(arguments: [
            (StoreError.disabled, EROFS), (.sameFilledOnly, ENOSPC), (.poolFull, ENOSPC),
            (.outOfMemory, ENOSPC), (.corrupted, EIO), (.tooLarge, EFBIG), (.notFound, ENOENT),
            (.alreadyExists, EEXIST), (.invalidName, EINVAL), (.nameTooLong, ENAMETOOLONG),
            (.tooManyAreas, ENOSPC), (.noSuchOffset, ENXIO),
        ])
        func storeErrors(error: StoreError, expected: CInt) {
            #expect(Refusal(error).errno == expected)
        }

        @Test func controlFilesAreReadAsTheyWereOpened() throws {
            let inode = try rig.lookUp("params", "max_pool_percent")
            let opened = try rig.operations.open(inode, flags: O_RDWR, rig.worker)
            #expect(!opened.isArea)
            #expect(try rig.write(Array(" 30\n".utf8), to: inode) == 4)
            #expect(
                try rig.read(inode, count: 100) == Array("20\n".utf8))
            #expect(
                try rig.read(inode, at: 2, count: 100) == Array("\n".utf8))
            #expect(try rig.read(inode, at: 99, count: 9).isEmpty)
            #expect(rig.fixture.store.tunables.maxPoolPercent == 30)
            rig.operations.release(inode, handle: opened.handle, rig.worker)
            #expect(
                rig.errno {
                    _ = try rig.read(inode, count: 100)
                } != 0)
        }

        @Test(arguments: [
            ("max_pool_percent", "101", EINVAL), ("max_pool_percent", "x", EINVAL),
            ("zpool", "nosuch", ENOENT), ("compressor", "nosuch", ENOENT),
            ("compressor_level", "99", EINVAL), ("compressor_level", "none", EINVAL),
            ("enabled", "2", EINVAL), ("available_zpools", "zbud", EACCES),
        ])
        func refusedValuesAreTold(name: ByteText, value: String, expected: CInt) throws {
            let told = Told()
            let operations = Operations(
                store: rig.fixture.store, tree: ControlTree(of: rig.fixture.maintenance),
                onRefusal: { _ in told.count += 1 })
            let params = try operations.lookUp(OperationsFixture.root, "params")
            let inode = try operations.lookUp(params.inode, name).inode
            let refused = rig.errno {
                _ = try operations.write(
                    Array(value.utf8).span.bytes, to: inode, at: 0, rig.worker)
            }
            #expect(refused == expected)
            #expect(told.count == 1)
        }

        private final class Told: @unchecked Sendable {
            // Unchecked: told and asked by one thread.
            var count = 0
        }

        @Test func aFileOfWhatHasGoneIsNotThere() throws {
            _ = try rig.create("gone")
            let file = try rig.lookUp("stats", "areas", "gone")
            let directory = try rig.lookUp("stats", "areas")
            try rig.fixture.store.unlinkArea(name: "gone", by: rig.fixture.worker)
            func open(_ inode: UInt64) -> CInt {
                rig.errno { _ = try rig.operations.open(inode, flags: O_RDONLY, rig.worker) }
            }
            #expect(open(file) == ENOENT)
            #expect(open(directory) == EISDIR)
        }

        @Test func accessOfControlFiles() throws {
            func open(_ names: (ByteText, ByteText), _ flags: CInt) -> CInt {
                rig.errno {
                    let inode = try rig.lookUp(names.0, names.1)
                    _ = try rig.operations.open(inode, flags: flags, rig.worker)
                }
            }
            #expect(open(("params", "compact"), O_WRONLY) == 0)
            #expect(open(("params", "compact"), O_RDONLY) == EACCES)
            #expect(open(("params", "compact"), O_RDWR) == EACCES)
            #expect(open(("stats", "summary"), O_RDONLY) == 0)
            #expect(open(("stats", "summary"), O_WRONLY) == EACCES)
            #expect(open(("stats", "areas"), O_RDONLY) == EISDIR)
            #expect(open(("params", "nosuch"), O_RDONLY) == ENOENT)
            #expect(open(("params", "zpool"), O_WRONLY | O_TRUNC) == 0)
        }

        @Test func attributesOfControlFilesAreFixed() throws {
            let inode = try rig.lookUp("params", "zpool")
            func set(_ change: (inout Operations.Changes) -> Void) -> CInt {
                var changes = Operations.Changes()
                change(&changes)
                return rig.errno {
                    _ = try rig.operations.setAttributes(inode, changes, rig.worker)
                }
            }
            #expect(set { $0.mode = 0o777 } == EPERM)
            #expect(set { $0.userID = 1 } == EPERM)
            #expect(set { $0.groupID = 1 } == EPERM)
            #expect(set { $0.size = 0 } == 0)
            #expect(set { $0.modified = FileTime(seconds: 1, nanoseconds: 0) } == 0)
            let attributes = try rig.operations.attributes(inode, rig.worker).0
            #expect(attributes.st_size == "zsmalloc\n".utf8.count)
            #expect(attributes.st_blocks == 1)
            #expect(attributes.st_mode == S_IFREG | 0o644)
        }

        @Test func attributesOfAreasAreSet() throws {
            let inode = try rig.create("area")
            var changes = Operations.Changes()
            changes.mode = 0o7123
            changes.userID = 5
            changes.size = 12_345
            changes.accessed = FileTime(seconds: -1, nanoseconds: 7)
            changes.modified = FileTime(seconds: .max, nanoseconds: 9)
            let (attributes, _) = try rig.operations.setAttributes(inode, changes, rig.worker)
            #expect(attributes.st_mode == S_IFREG | 0o7123)
            #expect(attributes.st_uid == 5)
            #expect(attributes.st_gid == 34)
            #expect(attributes.st_size == 12_345)
            #expect(attributes.st_atim.tv_sec == -1 && attributes.st_atim.tv_nsec == 7)
            #expect(attributes.st_mtim.tv_sec == .max && attributes.st_mtim.tv_nsec == 9)
            #expect(attributes.st_ctim.tv_sec > 1_000_000_000)
            changes = Operations.Changes()
            changes.size = 1 << 45
            let refused = rig.errno {
                _ = try rig.operations.setAttributes(inode, changes, rig.worker)
            }
            #expect(refused == EFBIG)
        }

        @Test func listingsAreOfOneMoment() throws {
            for number in 0..<300 { _ = try rig.create("area-\(number)") }
            let root = OperationsFixture.root
            let handle = try rig.operations.openDirectory(root)
            let first = try rig.operations.rows(of: handle, in: root, from: 0)
            #expect(first.count == 304)
            try rig.operations.unlink(root, "area-7", rig.worker)
            let rest = try rig.operations.rows(of: handle, in: root, from: 100)
            #expect(Array(rest) == Array(first[100...]))
            #expect(try rig.operations.rows(of: handle, in: root, from: 304).isEmpty)
            #expect(try rig.operations.rows(of: handle, in: root, from: 9999).isEmpty)
            #expect(try rig.operations.rows(of: handle, in: root, from: -1).isEmpty)
            #expect(try rig.operations.rows(of: handle, in: root, from: 0).count == 303)
            rig.operations.openFiles.remove(handle)
            #expect(
                rig.errno { _ = try rig.operations.rows(of: handle, in: root, from: 0) } == EBADF)
            let file = try rig.lookUp("params", "zpool")
            for inode in [file, try rig.lookUp("area-1")] {
                #expect(rig.errno { _ = try rig.operations.openDirectory(inode) } == ENOTDIR)
            }
            #expect(try rig.names(of: rig.lookUp("stats", "areas")).count == 301)
        }

        @Test func statisticsCountAreasAndFrames() throws {
            let before = rig.operations.statistics()
            #expect(before.f_bsize == 4096 && before.f_frsize == 4096)
            // The share of memory is more than this arena has.
            #expect(rig.fixture.store.statistics.limitByteCount > 64 << 20)
            #expect(before.f_blocks == (64 << 20) / 4096)
            #expect(before.f_bfree == before.f_blocks)
            let inode = try rig.create("area")
            for page in 0..<50 as Range<UInt64> {
                _ = try rig.write(PageContent.incompressible(page), to: inode, at: page * 4096)
            }
            let after = rig.operations.statistics()
            #expect(before.f_bfree - after.f_bfree >= 50)
            #expect(before.f_ffree - after.f_ffree == 1)
            #expect(try rig.operations.attributes(inode, rig.worker).0.st_blocks == 400)
        }
    }
}
