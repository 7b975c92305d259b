import Foundation
import TestSupport
import Testing

/// Reading, writing, truncating: what POSIX says of regular files.
extension MountedTests {
    @Suite(.serialized, .timeLimit(.minutes(10))) struct AreaTests {
        private let mount: TemporaryMount
        private let random: [UInt8]

        init() throws {
            mount = try TemporaryMount()
            var generator = SplitMix64(seed: 7)
            random = PageContent.random.bytes(300_000, &generator)
        }

        @Test func anyOffsetAndLength() throws {
            for offset in [0, 1, 4095, 4096, 4097, 70_001] {
                for count in [1, 511, 4096, 4097, 12_288, 262_144] {
                    let file = try mount.open("at-\(offset)-\(count)")
                    #expect(try file.write(random.prefix(count), at: offset) == count)
                    #expect(try file.size == offset + count)
                    let bytes = try file.read(at: 0, count: offset + count + 5000)
                    #expect(bytes.count == offset + count, "\(count) bytes at \(offset)")
                    #expect(bytes.prefix(offset).allSatisfy { $0 == 0 })
                    #expect(bytes.dropFirst(offset).elementsEqual(random.prefix(count)))
                }
            }
        }

        @Test func readsEndAtTheEnd() throws {
            let file = try mount.open("area")
            try file.write(random.prefix(5000), at: 0)
            #expect(try file.read(at: 4990, count: 100).elementsEqual(random[4990..<5000]))
            #expect(try file.read(at: 5000, count: 100).isEmpty)
            #expect(try file.read(at: 1 << 40, count: 100).isEmpty)
            #expect(try file.read(at: 0, count: 0).isEmpty)
            #expect(try file.write([], at: 9000) == 0)
            #expect(try file.size == 5000)
        }

        @Test func holesReadAsZeros() throws {
            let file = try mount.open("area")
            try file.write([1], at: 1 << 30)
            #expect(try file.read(at: 12_345, count: 70_000).allSatisfy { $0 == 0 })
            #expect(try file.read(at: (1 << 30) - 1, count: 9) == [0, 1])
            #expect(try file.status().st_blocks <= 8)
        }

        @Test func truncatingClearsTheTail() throws {
            let file = try mount.open("area")
            try file.write(random.prefix(20_000), at: 0)
            try file.truncate(to: 5001)
            #expect(try file.size == 5001)
            try file.truncate(to: 20_000)
            let bytes = try file.read(at: 0, count: 30_000)
            #expect(bytes.prefix(5001).elementsEqual(random.prefix(5001)))
            #expect(bytes.count == 20_000)
            #expect(bytes.dropFirst(5001).allSatisfy { $0 == 0 })
            try file.truncate(to: 0)
            #expect(try file.read(at: 0, count: 10).isEmpty)
            #expect(try mount.number("stats/stored_pages") == 0)
        }

        @Test func anAreaHasALongestLength() throws {
            let file = try mount.open("area")
            let largest = 1 << 44
            try file.truncate(to: largest)
            #expect(try file.size == largest)
            #expect(SystemCall.errno { try file.truncate(to: largest + 1) } == EFBIG)
            #expect(try file.write([7], at: largest - 1) == 1)
            #expect(SystemCall.errno { try file.write([7], at: largest) } == EFBIG)
            #expect(SystemCall.errno { try file.truncate(to: -1) } == EINVAL)
            #expect(try file.read(at: largest - 2, count: 9) == [0, 7])
        }

        @Test func opensAppendTruncateAndExclude() throws {
            let file = try mount.open("area")
            try file.write(random.prefix(10_000), at: 0)
            let appending = try mount.open("area", O_WRONLY | O_APPEND)
            #expect(try appending.append([1, 2, 3]) == 3)
            #expect(try file.read(at: 9999, count: 9) == [random[9999], 1, 2, 3])
            #expect(
                SystemCall.errno {
                    _ = try mount.open("area", O_RDWR | O_CREAT | O_EXCL)
                } == EEXIST)
            #expect(
                SystemCall.errno { _ = try mount.open("none", O_RDWR) } == ENOENT)
            _ = try mount.open("area", O_WRONLY | O_TRUNC)
            #expect(try file.size == 0)
            #expect(try file.read(at: 0, count: 10).isEmpty)
            #expect(try mount.number("stats/stored_pages") == 0)
            // Nothing of it may come back.
            try file.truncate(to: 10_000)
            #expect(try file.read(at: 0, count: 10_000).allSatisfy { $0 == 0 })
        }

        @Test func directAndBufferedOpensSeeTheSame() throws {
            let buffered = try mount.open("area")
            let direct = try mount.open("area", O_RDWR | MountedFile.direct)
            try buffered.write(random.prefix(100_000), at: 1000)
            #expect(
                try direct.read(at: 1000, count: 100_000).elementsEqual(random.prefix(100_000)))
            try direct.write(random[200_000..<208_192], at: 4096)
            #expect(
                try buffered.read(at: 4096, count: 8192).elementsEqual(random[200_000..<208_192]))
            // No alignment is asked for.
            try direct.write([9], at: 77)
            #expect(try buffered.read(at: 76, count: 3) == [0, 9, 0])
        }

        @Test func twoMountsAreTwoStores() throws {
            let other = try TemporaryMount("zpool=zbud")
            let left = try mount.open("area")
            let right = try other.open("area")
            for offset in stride(from: 0, to: 90_000, by: 9000) {
                try left.write(random[offset..<offset + 9000], at: offset)
                try right.write(random[offset + 100_000..<offset + 109_000], at: offset)
            }
            #expect(try left.read(at: 0, count: 90_000).elementsEqual(random[..<90_000]))
            #expect(
                try right.read(at: 0, count: 90_000).elementsEqual(random[100_000..<190_000]))
            #expect(try mount.control("params/zpool") == "zsmalloc")
            #expect(try other.control("params/zpool") == "zbud")
            try SystemCall.remove(other.path("area"))
            #expect(try mount.number("stats/stored_pages") == 22)
        }
    }
}
