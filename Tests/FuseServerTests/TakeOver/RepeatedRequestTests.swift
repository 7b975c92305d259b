import Glibc
import SwapStore
import TestSupport
import Testing
import ZswapCore

@testable import FuseServer

extension FuseServerTests {
    /// Requests that a server did and did not answer, done again by the next one. A request that is
    /// not repeated is refused as ever.
    @Suite struct RepeatedRequestTests {
        private let rig: OperationsFixture
        private let root = OperationsFixture.root

        init() throws { rig = try OperationsFixture() }

        private func isOpen(_ name: ByteText) throws -> Bool {
            rig.fixture.store.isOpen(try #require(rig.fixture.store.area(named: name)))
        }

        @Test func theMarkIsNoPartOfTheNumber() {
            rig.worker.begin(unique: 1 << 63 | 12)
            #expect(rig.worker.requestNumber == 12 && rig.worker.isRepeated)
            rig.worker.begin(unique: 14)
            #expect(rig.worker.requestNumber == 14 && !rig.worker.isRepeated)
        }

        @Test func creatingAgainGivesTheSameArea() throws {
            let inode = try rig.serving(10) { try rig.create("area") }
            #expect(rig.errno { _ = try rig.serving(12) { try rig.create("area") } } == EEXIST)
            #expect(try rig.serving(10, isRepeated: true) { try rig.create("area") } == inode)
            // One that was not done is done now; names of control files stay theirs.
            #expect(try rig.serving(14, isRepeated: true) { try rig.create("other") } != inode)
            let refused = rig.errno {
                _ = try rig.serving(16, isRepeated: true) { try rig.create("params") }
            }
            #expect(refused == EEXIST)
            #expect(rig.fixture.store.areaCount == 2)
        }

        @Test func unlinkingAgainIsDone() throws {
            _ = try rig.create("area")
            func unlink(isRepeated: Bool) -> CInt {
                rig.errno {
                    try rig.serving(10, isRepeated: isRepeated) {
                        try rig.operations.unlink(root, "area", rig.worker)
                    }
                }
            }
            #expect(unlink(isRepeated: true) == 0)
            #expect(rig.fixture.store.area(named: "area") == nil)
            #expect(unlink(isRepeated: true) == 0)
            #expect(unlink(isRepeated: false) == ENOENT)
        }

        @Test func renamingAgainIsDone() throws {
            let inode = try rig.create("old")
            func rename(_ flags: UInt32 = 0, isRepeated: Bool) -> CInt {
                rig.errno {
                    try rig.serving(10, isRepeated: isRepeated) {
                        try rig.operations.rename(
                            root, "old", to: root, "new", flags: flags, rig.worker)
                    }
                }
            }
            #expect(rename(isRepeated: true) == 0)
            #expect(try rig.lookUp("new") == inode)
            for flags in [0, 1] as [UInt32] {
                #expect(rename(flags, isRepeated: true) == 0)
                #expect(rename(flags, isRepeated: false) == ENOENT)
            }
            try rig.operations.unlink(root, "new", rig.worker)
            #expect(rename(isRepeated: true) == ENOENT)
        }

        /// The kernel swaps to it, by its new name: what was done is not refused for that.
        @Test func whatWasDoneIsNotRefusedForSwap() throws {
            let operations = Operations(
                store: rig.fixture.store, tree: rig.operations.tree, isSwap: { _ in true })
            let inode = try rig.create("new")
            _ = try operations.open(inode, flags: O_RDWR, rig.worker)
            _ = try rig.write([1, 2, 3], to: inode)
            func errno(isRepeated: Bool, _ body: () throws -> Void) -> CInt {
                rig.errno { try rig.serving(10, isRepeated: isRepeated, body) }
            }
            func rename() throws {
                try operations.rename(root, "old", to: root, "new", flags: 0, rig.worker)
            }
            #expect(errno(isRepeated: true, rename) == 0)
            #expect(errno(isRepeated: false, rename) == EBUSY)
            func cut() throws {
                var changes = Operations.Changes()
                changes.size = 3
                _ = try operations.setAttributes(inode, changes, rig.worker)
            }
            #expect(errno(isRepeated: true, cut) == 0)
            func unlink() throws { try operations.unlink(root, "new", rig.worker) }
            #expect(errno(isRepeated: true, unlink) == EBUSY)
        }

        @Test func openingAndReleasingAgainCountOnce() throws {
            let inode = try rig.create("area")
            func open(_ number: UInt64, isRepeated: Bool = false) throws -> UInt64 {
                try rig.serving(number, isRepeated: isRepeated) {
                    try rig.operations.open(inode, flags: O_RDWR, rig.worker).handle
                }
            }
            #expect(try open(10) == 10)
            #expect(try open(10, isRepeated: true) == 10)
            #expect(try open(12) == 12)
            rig.operations.release(inode, handle: 10, rig.worker)
            #expect(try isOpen("area"))
            // The same again, and one that was never given out: nothing happens.
            for handle in [10, 0, 14, .max] as [UInt64] {
                rig.operations.release(inode, handle: handle, rig.worker)
                #expect(try isOpen("area"))
            }
            rig.operations.release(inode, handle: 12, rig.worker)
            #expect(try !isOpen("area"))
        }

        /// By the ring a request has no number: handles come from a counter, and none is twice.
        @Test func handlesOfRequestsWithoutANumber() throws {
            let inode = try rig.create("area")
            let handles = try (0..<100).map { _ in
                try rig.operations.open(inode, flags: O_RDWR, rig.worker).handle
            }
            #expect(Set(handles).count == 100)
            #expect(handles.allSatisfy { $0 >> 62 == 1 })
            for handle in handles {
                #expect(try isOpen("area"))
                rig.operations.release(inode, handle: handle, rig.worker)
            }
            #expect(try !isOpen("area"))
        }

        @Test func pagesAndAttributesAreTheSameAgain() throws {
            let inode = try rig.create("area")
            let content = PageContent.incompressible(3)
            for isRepeated in [false, true] {
                try rig.serving(10, isRepeated: isRepeated) {
                    #expect(try rig.write(content, to: inode, at: 4096) == 4096)
                    #expect(try rig.read(inode, at: 4096, count: 5000) == content)
                    try rig.operations.fallocate(
                        inode, mode: 3, at: 0, byteCount: 4096, rig.worker)
                    var changes = Operations.Changes()
                    changes.size = 8192
                    changes.mode = 0o600
                    let set = try rig.operations.setAttributes(inode, changes, rig.worker).0
                    #expect(set.st_size == 8192)
                    let percent = try rig.lookUp("params", "max_pool_percent")
                    #expect(try rig.write(Array("41".utf8), to: percent) == 2)
                }
            }
            #expect(rig.fixture.store.tunables.maxPoolPercent == 41)
        }
    }
}
