import Glibc
import SwapStore
import TestSupport
import Testing
import ZswapCore

@testable import FuseServer

extension FuseServerTests {
    @Suite struct DataTests {
        private let rig: OperationsFixture
        private let inode: UInt64
        private let content: [UInt8]

        init() throws {
            rig = try OperationsFixture()
            inode = try rig.create("area")
            content = PageContent.compressible(1) + PageContent.incompressible(2)
        }

        private func allocate(_ mode: UInt32, _ offset: UInt64, _ count: UInt64) -> CInt {
            rig.errno {
                try rig.operations.fallocate(
                    inode, mode: mode, at: offset, byteCount: count, rig.worker)
            }
        }

        private var size: Int {
            get throws { try rig.operations.attributes(inode, rig.worker).0.st_size }
        }

        @Test func readsStopAtTheEnd() throws {
            #expect(try rig.read(inode, count: 10).isEmpty)
            #expect(try rig.write(content, to: inode, at: 5000) == 8192)
            #expect(try size == 13_192)
            #expect(try rig.read(inode, at: 5000, count: 20_000) == content)
            #expect(try rig.read(inode, at: 13_190, count: 9) == Array(content.suffix(2)))
            #expect(try rig.read(inode, at: 13_192, count: 9).isEmpty)
            #expect(try rig.read(inode, at: .max, count: 9).isEmpty)
            #expect(try rig.read(inode, at: 0, count: 5000).allSatisfy { $0 == 0 })
        }

        @Test func writesStopAtTheLargestArea() throws {
            let limit = Limits.areaByteCountMax
            #expect(rig.errno { _ = try rig.write([1], to: inode, at: limit) } == EFBIG)
            #expect(rig.errno { _ = try rig.write([1, 2], to: inode, at: limit - 1) } == EFBIG)
            #expect(rig.errno { _ = try rig.write([1], to: inode, at: .max) } == EFBIG)
            #expect(try size == 0)
            #expect(try rig.write([1], to: inode, at: limit - 1) == 1)
            #expect(try rig.write([], to: inode, at: 0) == 0)
        }

        @Test func everyModeOfFallocate() throws {
            #expect(try rig.write(content, to: inode) == 8192)
            for mode in 0...0x7f as ClosedRange<UInt32> where ![0, 1, 3, 16, 17].contains(mode) {
                #expect(allocate(mode, 0, 4096) == EOPNOTSUPP, "mode \(mode)")
            }
            #expect(try rig.read(inode, count: 9000) == content)
            #expect(allocate(1, 0, 100_000) == 0)
            #expect(try size == 8192)
            #expect(allocate(0, 8000, 2000) == 0)
            #expect(try size == 10_000)
            #expect(allocate(3, 0, 100_000) == 0)
            #expect(try size == 10_000)
            #expect(try rig.read(inode, count: 10_000).allSatisfy { $0 == 0 })
            #expect(rig.fixture.store.statistics.pages.storedPageCount == 0)
            #expect(try rig.write(content, to: inode) == 8192)
            #expect(allocate(17, 4096, 100_000) == 0)
            #expect(try size == 10_000)
            #expect(try rig.read(inode, count: 4097) == Array(content[..<4096]) + [0])
            #expect(allocate(16, 0, 20_000) == 0)
            #expect(try size == 20_000)
            #expect(rig.fixture.store.statistics.pages.storedPageCount == 0)
            #expect(allocate(0, Limits.areaByteCountMax, 1) == EFBIG)
            #expect(allocate(3, .max, .max) == EFBIG)
            #expect(try size == 20_000)
        }

        @Test func seeking() throws {
            func seek(_ offset: Int, _ whence: CInt) throws -> Int {
                try rig.operations.seek(inode, from: offset, whence: whence, rig.worker)
            }
            #expect(rig.errno { _ = try seek(0, 3) } == ENXIO)
            #expect(rig.errno { _ = try seek(0, 4) } == ENXIO)
            #expect(try rig.write(content, to: inode, at: 8192) == 8192)
            #expect(try seek(0, 3) == 8192)
            #expect(try seek(0, 4) == 0)
            #expect(try seek(9000, 3) == 9000)
            #expect(try seek(9000, 4) == 16_384)
            #expect(rig.errno { _ = try seek(16_384, 3) } == ENXIO)
            #expect(rig.errno { _ = try seek(-1, 3) } == ENXIO)
            for whence in [SEEK_SET, SEEK_CUR, SEEK_END, 5] {
                #expect(rig.errno { _ = try seek(0, whence) } == EINVAL)
            }
        }

        @Test func openingWithTruncateEmpties() throws {
            #expect(try rig.write(content, to: inode) == 8192)
            _ = try rig.operations.open(inode, flags: O_RDWR, rig.worker)
            #expect(try size == 8192)
            _ = try rig.operations.open(inode, flags: O_WRONLY | O_TRUNC, rig.worker)
            #expect(try size == 0)
            #expect(rig.fixture.store.statistics.pages.storedPageCount == 0)
        }

        @Test func onlyAreasHaveData() throws {
            let root = OperationsFixture.root
            let params = try rig.lookUp("params")
            for directory in [root, params] {
                #expect(rig.errno { _ = try rig.read(directory, count: 1) } == EISDIR)
                #expect(
                    rig.errno {
                        _ = try rig.operations.open(directory, flags: O_RDONLY, rig.worker)
                    } == EISDIR)
                #expect(
                    rig.errno {
                        try rig.operations.fallocate(
                            directory, mode: 0, at: 0, byteCount: 1, rig.worker)
                    } == EINVAL)
            }
            #expect(rig.errno { _ = try rig.write([1], to: root) } == EISDIR)
            #expect(rig.errno { _ = try rig.read(0x1fff, count: 1) } == ESTALE)
            #expect(rig.errno { _ = try rig.write([1], to: 0x1fff) } == ESTALE)
        }

        @Test func refusedPagesAreTheCallersErrno() throws {
            rig.fixture.store.update { $0.maxPoolPercent = 0 }
            #expect(rig.errno { _ = try rig.write(content, to: inode) } == ENOSPC)
            #expect(try size == 0)
            let word = [UInt8](repeating: 7, count: 4096)
            #expect(try rig.write(word + content, to: inode) == 4096)
            rig.fixture.store.update {
                $0.maxPoolPercent = 20
                $0.isEnabled = false
            }
            #expect(rig.errno { _ = try rig.write(word, to: inode) } == EROFS)
            #expect(try rig.read(inode, count: 9000) == word)
        }
    }
}
