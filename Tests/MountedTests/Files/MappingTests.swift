import Foundation
import Synchronization
import TestSupport
import Testing

/// Mappings of areas beside everything else that changes an area.
extension MountedTests {
    @Suite(.serialized, .timeLimit(.minutes(10))) struct MappingTests {
        private static let page = 4096
        private static let pageCount = 8

        /// A shared mapping of an area, taken away when dropped.
        private final class Mapping: @unchecked Sendable {  // read by several threads on purpose
            let bytes: UnsafeMutableBufferPointer<UInt8>

            /// Nil where the kernel or libfuse has none: then neither supports io_uring.
            init?(_ file: MountedFile, _ protection: CInt = PROT_READ | PROT_WRITE) {
                let count = pageCount * page
                let start = mmap(nil, count, protection, MAP_SHARED, file.descriptor, 0)
                guard let start, start != MAP_FAILED else {
                    #expect(errno == ENODEV && !MountHost.hasRing)
                    return nil
                }
                bytes = UnsafeMutableBufferPointer(
                    start: start.assumingMemoryBound(to: UInt8.self), count: count)
            }

            deinit { munmap(bytes.baseAddress, bytes.count) }

            /// From memory each time.
            @inline(never) func byte(_ index: Int) -> UInt8 { bytes[index] }
        }

        private func area(_ mount: TemporaryMount) throws -> MountedFile {
            let file = try mount.open("area")
            try file.truncate(to: Self.pageCount * Self.page)
            return file
        }

        /// Threads fault the pages in all the time; once a write has returned, no thread sees the
        /// former content.
        @Test(arguments: MountHost.transports) func mappingsFollowWrites(transport: String) throws {
            let mount = try TemporaryMount("transport=\(transport)")
            let file = try area(mount)
            guard let mapping = Mapping(file, PROT_READ) else { return }
            let reading = Reading(mapping)
            defer { reading.stop() }
            var staleCount = 0
            for round in 1...2000 {
                let start = round % Self.pageCount * Self.page
                let byte = UInt8(round % 255 + 1)
                try file.write([UInt8](repeating: byte, count: Self.page), at: start)
                for place in [0, 1, Self.page - 1] where mapping.byte(start + place) != byte {
                    staleCount += 1
                }
            }
            #expect(staleCount == 0)
        }

        /// Two threads that read a mapping until they are stopped.
        private final class Reading: Sendable {
            private let isStopped = Atomic<Bool>(false)
            private let sum = Atomic<Int>(0)
            private let ended = DispatchGroup()

            init(_ mapping: Mapping) {
                for _ in 0..<2 {
                    ended.enter()
                    Thread.detachNewThread { [self] in
                        while !isStopped.load(ordering: .relaxed) {
                            for page in 0..<pageCount {
                                sum.wrappingAdd(
                                    Int(mapping.byte(page * MappingTests.page)),
                                    ordering: .relaxed)
                            }
                        }
                        ended.leave()
                    }
                }
            }

            func stop() {
                isStopped.store(true, ordering: .relaxed)
                ended.wait()
            }
        }

        /// Truncation and discards empty a mapping; what was stored in it before is not written
        /// back behind them.
        @Test(arguments: MountHost.transports) func discardsEmptyMappings(transport: String) throws
        {
            let mount = try TemporaryMount("transport=\(transport)")
            let file = try area(mount)
            guard let mapping = Mapping(file) else { return }
            for mode in [MountedFile.punchHole, MountedFile.zeroRange] {
                for index in mapping.bytes.indices { mapping.bytes[index] = 7 }
                try file.allocate(
                    mode | MountedFile.keepSize, at: Self.page, count: 2 * Self.page)
                #expect(mapping.byte(Self.page) == 0 && mapping.byte(3 * Self.page - 1) == 0)
                #expect(mapping.byte(0) == 7 && mapping.byte(3 * Self.page) == 7)
                let read = try file.read(at: 0, count: 4 * Self.page)
                #expect(read[Self.page..<3 * Self.page].allSatisfy { $0 == 0 })
                #expect(read[..<Self.page].allSatisfy { $0 == 7 })
            }
            for index in mapping.bytes.indices { mapping.bytes[index] = 9 }
            try file.truncate(to: Self.page + 10)
            try file.truncate(to: Self.pageCount * Self.page)
            #expect(mapping.byte(Self.page + 9) == 9 && mapping.byte(Self.page + 10) == 0)
            #expect(mapping.byte(5 * Self.page) == 0)
            #expect(msync(mapping.bytes.baseAddress, mapping.bytes.count, MS_SYNC) == 0)
            let rest = try file.read(at: Self.page + 10, count: 1 << 20)
            #expect(rest.count == 7 * Self.page - 10 && rest.allSatisfy { $0 == 0 })
        }

        /// Pages stored in a mapping are there for the next mapping of the file, and for a plain
        /// reader without msync(2); a store leaves set-user-ID as it is, as elsewhere.
        @Test(arguments: MountHost.transports) func storesReachTheArea(transport: String) throws {
            let mount = try TemporaryMount("transport=\(transport)")
            let file = try area(mount)
            try SystemCall.run("fchmod") { fchmod(file.descriptor, 0o6777) }
            do {
                guard let mapping = Mapping(file) else { return }
                for index in mapping.bytes.indices {
                    mapping.bytes[index] = UInt8(truncatingIfNeeded: index / 3)
                }
            }
            let other = try mount.open("area", O_RDONLY)
            let expected = (0..<Self.pageCount * Self.page).map {
                UInt8(truncatingIfNeeded: $0 / 3)
            }
            #expect(try other.read(at: 0, count: 1 << 20) == expected)
            #expect(try file.status().st_mode & 0o7777 == 0o6777)
            let copy = mmap(nil, Self.page, PROT_READ, MAP_PRIVATE, other.descriptor, 0)
            try #require(copy != MAP_FAILED)
            #expect(copy?.load(fromByteOffset: 300, as: UInt8.self) == 100)
            munmap(copy, Self.page)
        }

        /// A full store refuses what a mapping writes, and the daemon goes on.
        @Test(arguments: MountHost.transports) func aFullStoreTellsMsync(transport: String) throws {
            let mount = try TemporaryMount("transport=\(transport)")
            let file = try area(mount)
            try file.write(PageContent.incompressible(1), at: 0)
            guard let mapping = Mapping(file) else { return }
            try mount.set("params/max_pool_percent", "0")
            let content = PageContent.incompressible(2)
            for (index, byte) in content.enumerated() { mapping.bytes[index] = byte }
            #expect(msync(mapping.bytes.baseAddress, Self.page, MS_SYNC) != 0)
            let direct = try mount.open("area", O_RDONLY)
            _ = try? direct.read(at: 0, count: Self.page)
            try mount.set("params/max_pool_percent", "20")
            try file.write(content, at: 0)
            #expect(try direct.read(at: 0, count: Self.page) == content)
            #expect(mapping.byte(17) == content[17])
        }
    }
}
