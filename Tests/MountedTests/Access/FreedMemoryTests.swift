import Foundation
import LinuxSystem
import TestSupport
import Testing

/// Memory that was one area's is another's later: no byte of the first can be read through it.
extension MountedTests {
    @Suite(.serialized, .timeLimit(.minutes(10))) struct FreedMemoryTests {
        private static let pageCount = 1500
        /// Stands in every sixteen bytes, at least, of every page of the first area.
        private static let byte: UInt8 = 0xa7

        /// The ways in which the pages of the first area become free.
        enum Release: CaseIterable {
            case removal, truncation, discard, overwriting, replacement, anotherPool
        }

        private let mount: TemporaryMount

        init() throws { mount = try TemporaryMount("arena=64M", "max_pool_bytes=32M") }

        /// Objects of many lengths, some of them whole pages.
        private static func old(_ number: Int) -> [UInt8] {
            var page = PageContent.incompressible(UInt64(number))
            let noiseCount = number * 37 % 4096
            for index in page.indices where index >= noiseCount || index % 16 == 0 {
                page[index] = byte
            }
            return page
        }

        private func fill() throws -> MountedFile {
            let area = try mount.open("old")
            for number in 0..<Self.pageCount { try area.write(Self.old(number), at: number * 4096) }
            return area
        }

        private func release(_ area: MountedFile, by way: Release) throws {
            switch way {
            case .removal:
                try area.close()
                try SystemCall.remove(mount.path("old"))
            case .truncation: try area.truncate(to: 0)
            case .discard:
                let mode = MountedFile.punchHole | MountedFile.keepSize
                try area.allocate(mode, at: 0, count: Self.pageCount * 4096)
            case .overwriting:
                let zeros = [UInt8](repeating: 0, count: 4096)
                for number in 0..<Self.pageCount { try area.write(zeros, at: number * 4096) }
            case .replacement:
                try area.close()
                try mount.open("other").close()
                try SystemCall.move(mount.path("other"), mount.path("old"))
            case .anotherPool:
                try mount.set("params/zpool", "zbud")
                try mount.set("params/compressor", "zstd")
                try mount.set("params/migrate", "now")
                try area.truncate(to: 0)
                try mount.set("params/zpool", "z3fold")
            }
            #expect(
                Patience.wait(milliseconds: 10_000) {
                    (try? mount.number("stats/stored_size")) == 0
                }, "\(way)")
        }

        /// Every byte of a file by reads of odd lengths, and by a mapping where there is one.
        private func expect(_ name: String, is content: [UInt8], _ way: Release) throws {
            let file = try mount.open(name, O_RDWR)
            #expect(try file.size == content.count, "\(way), \(name)")
            for step in [1 << 20, 4096, 1003] {
                var found: [UInt8] = []
                while true {
                    let part = try file.read(at: found.count, count: step)
                    if part.isEmpty { break }
                    found += part
                }
                // The whole content is too long for a message.
                let isEqual = found == content
                #expect(isEqual, "\(way), \(name), \(step) bytes a read")
            }
            #expect(try file.read(at: content.count, count: 8192).isEmpty, "\(way), \(name)")
            // A page of a mapping reaches beyond the end of the file: the rest must be zeros.
            let size = (content.count + 4095) / 4096 * 4096
            guard size > 0 else { return }
            let mapping = mmap(nil, size, PROT_READ, MAP_PRIVATE, file.descriptor, 0)
            guard let mapping, mapping != MAP_FAILED else {
                Issue.record("mmap: \(String(cString: strerror(errno)))")
                return
            }
            defer { munmap(mapping, size) }
            let mapped = UnsafeRawBufferPointer(start: mapping, count: size)
            let isEqual = mapped.elementsEqual(
                content + [UInt8](repeating: 0, count: size - content.count))
            #expect(isEqual, "\(way), \(name), mapped")
        }

        /// Makes new files and returns the expected content of each.
        private func writeAnew() throws -> [String: [UInt8]] {
            let size = Self.pageCount * 4096
            // One hole, made by extending.
            try mount.open("hole").truncate(to: size - 1234)
            var expected = ["hole": [UInt8](repeating: 0, count: size - 1234)]
            // A few bytes in each page.
            let patched = try mount.open("patched")
            try patched.truncate(to: size)
            var content = [UInt8](repeating: 0, count: size)
            for number in 0..<Self.pageCount {
                let offset = number * 4096 + number * 29 % 4090
                try patched.write([1, 2, 3], at: offset)
                content.replaceSubrange(offset..<offset + 3, with: [1, 2, 3])
            }
            expected["patched"] = content
            // A short file, as it is and extended; and one that was cut within a page.
            try mount.open("short").write([9, 8, 7], at: 0)
            expected["short"] = [9, 8, 7]
            let extended = try mount.open("extended")
            try extended.write([9, 8, 7], at: 0)
            try extended.truncate(to: 10_000)
            expected["extended"] = [9, 8, 7] + [UInt8](repeating: 0, count: 9997)
            let cut = try mount.open("cut")
            try cut.write(Self.old(1) + Self.old(2), at: 0)
            try cut.truncate(to: 4096 + 10)
            try cut.truncate(to: 12_000)
            expected["cut"] =
                Self.old(1) + Self.old(2).prefix(10) + [UInt8](repeating: 0, count: 12_000 - 4106)
            // Written far beyond the end, and allocated.
            let far = try mount.open("far")
            try far.write([5], at: 3 << 20)
            expected["far"] = [UInt8](repeating: 0, count: 3 << 20) + [5]
            try mount.open("allocated").allocate(0, at: 0, count: 99_999)
            expected["allocated"] = [UInt8](repeating: 0, count: 99_999)
            return expected
        }

        @Test(arguments: Release.allCases)
        func aNewAreaHasNothingOfAnOldOne(way: Release) throws {
            let old = try fill()
            try release(old, by: way)
            for (name, content) in try writeAnew() { try expect(name, is: content, way) }
            if way != .removal {
                let left = try mount.open("old").read(at: 0, count: 1 << 20)
                let isEmpty = left.allSatisfy { $0 == 0 }
                #expect(isEmpty, "\(way)")
            }
        }

        /// Buffers of requests hold the pages served last. A control file ends with its text.
        @Test func aControlFileHasNothingOfAPage() throws {
            let area = try fill()
            for name in ["stats/summary", "params/zpool", "stats/metrics"] {
                _ = try area.read(at: 0, count: 1 << 20)
                let file = try mount.open(name, O_RDONLY)
                let text = try file.read(at: 0, count: 1 << 20)
                let hasByte = text.contains(Self.byte)
                #expect(!hasByte, "\(name)")
                #expect(try file.read(at: text.count, count: 1 << 20).isEmpty, "\(name)")
            }
        }
    }
}
