import ControlTree
import Glibc
import SwapStore
import TestSupport
import Testing
import ZswapCore

@testable import FuseServer

extension FuseServerTests {
    @Suite struct NameTests {
        private let rig: OperationsFixture
        private let root = OperationsFixture.root

        init() throws { rig = try OperationsFixture() }

        @Test func createAndLookUp() throws {
            let made = try rig.operations.create(
                root, "area", mode: S_IFREG | 0o4755, userID: 12, groupID: 34, rig.worker)
            let found = try rig.operations.lookUp(root, "area")
            #expect(found.inode == made.inode)
            #expect(found.generation == made.generation)
            #expect(found.attributes.st_ino == UInt(made.inode))
            #expect(found.attributes.st_mode == S_IFREG | 0o4755)
            #expect(found.attributes.st_uid == 12)
            #expect(found.attributes.st_gid == 34)
            #expect(found.attributes.st_nlink == 1)
            #expect(found.attributes.st_size == 0)
            #expect(found.attributes.st_blksize == Page.byteCount)
            #expect(rig.errno { _ = try rig.create("area") } == EEXIST)
            #expect(rig.errno { _ = try rig.operations.lookUp(root, "none") } == ENOENT)
            #expect(rig.errno { _ = try rig.operations.lookUp(made.inode, "x") } == ENOTDIR)
            #expect(rig.errno { _ = try rig.operations.lookUp(0x20_0000, "x") } == ESTALE)
        }

        @Test(
            arguments: [
                ("params", EEXIST), ("stats", EEXIST), ("", EINVAL), (".", EINVAL),
                ("..", EINVAL),
                ("a/b", EINVAL), ("a\0b", EINVAL),
                (ByteText(String(repeating: "n", count: 256)), ENAMETOOLONG),
                (ByteText(String(repeating: "ä", count: 128)), ENAMETOOLONG),
            ] as [(ByteText, CInt)])
        func namesThatAreRefused(name: ByteText, expected: CInt) throws {
            #expect(rig.errno { _ = try rig.create(name) } == expected)
            _ = try rig.create("area")
            let renamed = rig.errno {
                try rig.operations.rename(root, "area", to: root, name, flags: 0, rig.worker)
            }
            #expect(renamed == (expected == EEXIST ? EISDIR : expected))
            #expect(try rig.names(of: root) == [".", "..", "params", "stats", "area"])
            #expect(rig.fixture.store.areas.count == 1)
        }

        @Test func theLongestNameIsTaken() throws {
            for text in [String(repeating: "n", count: 255), String(repeating: "ä", count: 127)] {
                let name = ByteText(text)
                #expect(try rig.create(name) == rig.lookUp(name))
            }
            let long = ByteText(String(repeating: "n", count: 256))
            #expect(rig.errno { _ = try rig.operations.lookUp(root, long) } == ENAMETOOLONG)
        }

        @Test func onlyRegularFilesInTheRoot() throws {
            for type in [S_IFDIR, S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK, S_IFLNK] {
                let refused = rig.errno {
                    _ = try rig.operations.create(
                        root, "x", mode: type | 0o644, userID: 0, groupID: 0, rig.worker)
                }
                #expect(refused == EPERM)
            }
            let params = try rig.lookUp("params")
            let stats = try rig.lookUp("stats", "areas")
            let area = try rig.create("area")
            for parent in [params, stats, area] {
                #expect(
                    rig.errno {
                        _ = try rig.operations.create(
                            parent, "x", mode: S_IFREG, userID: 0, groupID: 0, rig.worker)
                    } == EPERM)
                #expect(rig.errno { try rig.operations.unlink(parent, "x", rig.worker) } == EPERM)
                #expect(
                    rig.errno {
                        try rig.operations.rename(
                            root, "area", to: parent, "x", flags: 0, rig.worker)
                    } == EPERM)
                #expect(
                    rig.errno {
                        try rig.operations.rename(
                            parent, "zpool", to: root, "x", flags: 0, rig.worker)
                    } == EPERM)
            }
        }

        @Test func renameAndItsFlags() throws {
            let old = try rig.create("old")
            let target = try rig.create("target")
            func rename(_ flags: UInt32, _ from: ByteText = "old") -> CInt {
                rig.errno {
                    try rig.operations.rename(
                        root, from, to: root, "target", flags: flags, rig.worker)
                }
            }
            #expect(rename(1) == EEXIST)
            #expect(rename(2) == EINVAL)
            #expect(rename(4) == EINVAL)
            #expect(rename(0, "none") == ENOENT)
            #expect(try rig.lookUp("target") == target)
            #expect(rename(0) == 0)
            #expect(try rig.lookUp("target") == old)
            #expect(rig.errno { _ = try rig.lookUp("old") } == ENOENT)
            #expect(rig.errno { try rig.operations.unlink(root, "old", rig.worker) } == ENOENT)
            #expect(rig.errno { try rig.operations.unlink(root, "stats", rig.worker) } == EPERM)
        }

        @Test func anUnlinkedAreaLivesWhileItIsOpen() throws {
            let inode = try rig.create("area")
            let opened = try rig.operations.open(inode, flags: O_RDWR, rig.worker)
            let content = PageContent.incompressible(1)
            #expect(try rig.write(content, to: inode) == content.count)
            try rig.operations.unlink(root, "area", rig.worker)
            #expect(rig.errno { _ = try rig.lookUp("area") } == ENOENT)
            #expect(try rig.read(inode, count: 9000) == content)
            #expect(try rig.operations.attributes(inode, rig.worker).0.st_nlink == 0)
            rig.operations.release(inode, handle: opened.handle, rig.worker)
            #expect(rig.fixture.store.statistics.pages.storedPageCount == 0)
            // The kernel still knows the number, so it stays what it is; then it is free.
            #expect(try rig.operations.attributes(inode, rig.worker).0.st_nlink == 0)
            let other = try rig.create("other")
            #expect(other != inode)
            rig.operations.forget(inode, count: 1, rig.worker)
            #expect(
                rig.errno { _ = try rig.operations.attributes(inode, rig.worker) } == ESTALE)
            let again = try rig.operations.create(
                root, "again", mode: S_IFREG, userID: 0, groupID: 0, rig.worker)
            #expect(again.inode == inode)
            #expect(again.attributes.st_nlink == 1)
        }

        @Test func aSlotUsedAgainHasAnotherGeneration() throws {
            let first = try rig.operations.create(
                root, "a", mode: S_IFREG, userID: 0, groupID: 0, rig.worker)
            try rig.operations.unlink(root, "a", rig.worker)
            rig.operations.forget(first.inode, count: 1, rig.worker)
            let second = try rig.operations.create(
                root, "a", mode: S_IFREG, userID: 0, groupID: 0, rig.worker)
            #expect(second.inode == first.inode)
            #expect(second.generation != first.generation)
        }

        @Test func numbersOfControlFilesStayUntilForgotten() throws {
            let zpool = try rig.lookUp("params", "zpool")
            #expect(try rig.lookUp("params", "zpool") == zpool)
            #expect(try rig.lookUp("params", "enabled") != zpool)
            rig.operations.forget(zpool, count: 1, rig.worker)
            let shown = try rig.operations.attributes(zpool, rig.worker).0.st_ino
            #expect(shown == UInt(InodeTable.shownNumber(ofControlPath: "params/zpool")))
            rig.operations.forget(zpool, count: 1, rig.worker)
            #expect(
                rig.errno { _ = try rig.operations.attributes(zpool, rig.worker) } == ESTALE)
            #expect(try rig.lookUp("params", "zpool") == zpool)
            // Forgetting unknown numbers, or more than was looked up, does no harm.
            rig.operations.forget(0x20_0000, count: 1, rig.worker)
            rig.operations.forget(root, count: 5, rig.worker)
            #expect(try rig.operations.attributes(root, rig.worker).0.st_mode == S_IFDIR | 0o755)
        }
    }
}
