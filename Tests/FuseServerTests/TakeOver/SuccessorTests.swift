import ControlTree
import Glibc
import TestSupport
import Testing
import ZswapCore

@testable import FuseServer

extension FuseServerTests {
    /// A successor's answers for numbers and handles that its predecessor gave out.
    @Suite struct SuccessorTests {
        private let rig: OperationsFixture
        private let next: OperationsFixture

        init() throws {
            rig = try OperationsFixture()
            next = rig.successor()
        }

        private static let areaNames: [ByteText] = [
            "area", " a b ", "NAME", "zpool", "caf\u{e9}", "cafe\u{301}", "\u{1f4be}\n", "-rf",
        ]

        /// Rows, directories, rows of each area with names of all kinds, and of pools.
        @Test func everyPathIsFoundByItsNumber() throws {
            for name in Self.areaNames { _ = try rig.create(name) }
            var paths: [ByteText] = []
            var left = ControlTree.roots
            while let path = left.popLast() {
                paths.append(path)
                left += rig.operations.tree.children(of: path).map { path.appending($0) }
            }
            #expect(paths.contains("params/areas/cafe\u{301}/max_bytes"))
            #expect(paths.contains { $0.hasPrefix("stats/pools/") })
            for path in paths {
                let number = InodeNumber.control(InodeNumber.PathHash(path), sequence: 77)
                #expect(try next.operations.node(number) == .control(path: path))
                let found = next.operations.tree.firstPath { $0 == path }
                #expect(found == path)
            }
            // Each of them is one that the tree has.
            var all: [ByteText] = []
            _ = next.operations.tree.firstPath {
                all.append($0)
                return false
            }
            #expect(Set(all) == Set(paths))
        }

        @Test func numbersThatMeanNothingAreStale() throws {
            let gone = InodeNumber.control(InodeNumber.PathHash("stats/areas/gone"), sequence: 1)
            for number in [gone, 1 << 48, 1 << 63 - 1, 1 << 63, .max, 0, 0x10_0000] as [UInt64] {
                for rig in [rig, next] {
                    let operations = rig.operations
                    #expect(rig.errno { _ = try operations.node(number) } == ESTALE)
                    #expect(
                        rig.errno { _ = try operations.attributes(number, rig.worker) } == ESTALE)
                    #expect(rig.errno { _ = try operations.lookUp(number, "x") } == ESTALE)
                    operations.release(number, handle: 7, rig.worker)
                    operations.forget(number, count: 3, rig.worker)
                }
                #expect(next.errno { _ = try next.read(number, count: 9) } == ESTALE)
                #expect(next.errno { _ = try next.write([1], to: number) } == ESTALE)
            }
            // It comes, and the number with it: the hash is of the path alone.
            _ = try rig.create("gone")
            #expect(try next.operations.node(gone) == .control(path: "stats/areas/gone"))
            // The first server of a mount gave out all numbers itself.
            #expect(rig.errno { _ = try rig.operations.node(gone) } == ESTALE)
        }

        @Test func anOpenFileIsReadOn() throws {
            let inode = try rig.lookUp("params", "max_pool_percent")
            _ = try rig.operations.open(inode, flags: O_RDWR, rig.worker)
            _ = try rig.read(inode, count: 100)
            rig.fixture.store.update { $0.maxPoolPercent = 33 }
            #expect(try next.read(inode, count: 100) == Array("33\n".utf8))
            // It stays what it was when it was read first, like any open file.
            rig.fixture.store.update { $0.maxPoolPercent = 9 }
            let other = try next.lookUp("params", "max_pool_percent")
            #expect(other != inode)
            #expect(try next.read(inode, count: 100) == Array("33\n".utf8))
            #expect(try next.operations.attributes(inode, next.worker).0.st_size == 3)
            #expect(try next.operations.attributes(other, next.worker).0.st_size == 2)
            // Appending, from where the predecessor's text ended.
            #expect(try next.write(Array("44".utf8), to: inode, at: 5) == 2)
            #expect(rig.fixture.store.tunables.maxPoolPercent == 44)
            // It was opened twice; the second opener reads after the first has closed it.
            next.operations.release(inode, handle: 0, next.worker)
            #expect(try next.read(inode, count: 100) == Array("33\n".utf8))
            next.operations.release(inode, handle: 0, next.worker)
            next.operations.forget(inode, count: 2, next.worker)
            #expect(next.operations.inodes.node(inode) == nil)
        }

        @Test func theSizeIsThatOfTheTextThatIsRead() throws {
            let inode = try rig.lookUp("params", "zpool")
            let told = try next.operations.attributes(inode, next.worker).0
            #expect(told.st_size == "zsmalloc\n".utf8.count)
            #expect(told.st_ino == UInt(InodeTable.shownNumber(ofControlPath: "params/zpool")))
            let sought = try next.operations.seek(inode, from: 0, whence: 4, next.worker)
            #expect(sought == told.st_size)
            let unasked = rig.successor(generation: 2)
            #expect(try unasked.operations.seek(inode, from: 0, whence: 4, rig.worker) == sought)
        }

        @Test func twoTextsOfOnePathAreTakenUp() throws {
            let first = try rig.lookUp("params", "max_pool_percent")
            _ = try rig.operations.open(first, flags: O_RDONLY, rig.worker)
            rig.fixture.store.update { $0.maxPoolPercent = 33 }
            let second = try rig.lookUp("params", "max_pool_percent")
            #expect(second != first)
            for inode in [first, second] {
                #expect(try next.read(inode, count: 100) == Array("33\n".utf8))
            }
            // A number of the successor is no third text of theirs.
            rig.fixture.store.update { $0.maxPoolPercent = 34 }
            let third = try next.lookUp("params", "max_pool_percent")
            #expect(![first, second].contains(third))
        }

        @Test func aDirectoryThatSomebodyStandsIn() throws {
            _ = try rig.create("area")
            let areas = try rig.lookUp("stats", "areas")
            let stats = try rig.lookUp("stats")
            // Before and after it was asked for by name: one number, so the kernel keeps it.
            let entry = try next.operations.lookUp(areas, "area")
            #expect(entry.attributes.st_mode & S_IFMT == S_IFREG)
            #expect(try next.lookUp("stats") == stats)
            #expect(try next.lookUp("stats", "areas") == areas)
            #expect(try next.names(of: areas) == [".", "..", "area"])
            // The kernel forgets what both counted, more than this one knows of.
            next.operations.forget(areas, count: 9, next.worker)
            #expect(next.operations.inodes.node(areas) == nil)
            // Forgotten too early by our count, and used on: it is taken up again.
            #expect(try next.operations.lookUp(areas, "area").inode != 0)
        }

        @Test func directoriesThatThePredecessorOpened() throws {
            for number in 0..<20 { _ = try rig.create("area-\(number)") }
            let root = OperationsFixture.root
            let handle = try rig.operations.openDirectory(root)
            let rows = try rig.operations.rows(of: handle, in: root, from: 0)
            #expect(try next.operations.rows(of: handle, in: root, from: 5) == rows[5...])
            // From then on it is of one moment.
            try next.operations.unlink(root, "area-19", next.worker)
            #expect(try next.operations.rows(of: handle, in: root, from: 6).count == rows.count - 6)
            let own = try next.operations.openDirectory(root)
            #expect(own != handle)
            #expect(try next.operations.rows(of: own, in: root, from: 0).count == rows.count - 1)
            for opened in [handle, own] {
                next.operations.openFiles.remove(opened)
                #expect(next.operations.openFiles.listing(of: opened) == nil)
            }
            // Its own, closed: reading is refused.
            #expect(
                next.errno { _ = try next.operations.rows(of: own, in: root, from: 0) } == EBADF)
            #expect(try next.operations.rows(of: .max, in: root, from: 0).count == 23)
        }

        @Test func forgettingMoreThanWasCountedDoesNoHarm() throws {
            let inode = try rig.create("area")
            _ = try rig.write([1, 2, 3], to: inode)
            for slot in [0, 1, 4095, 0xf_efff] {
                next.operations.forget(InodeNumber.area(slot: slot), count: .max, next.worker)
            }
            #expect(try next.read(inode, count: 9) == [1, 2, 3])
            #expect(try next.lookUp("area") == inode)
        }
    }
}
