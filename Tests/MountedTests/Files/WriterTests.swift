import Foundation
import PoolTesting
import TestSupport
import Testing

/// Several writers at once, and writers that are not this process.
extension MountedTests {
    @Suite(.serialized, .timeLimit(.minutes(10))) struct WriterTests {
        private let mount: TemporaryMount

        init() throws { mount = try TemporaryMount() }

        /// Writes its number over and over to every second page, and to one page they all share.
        private static let script = """
            import os, sys
            area = os.open(sys.argv[1], os.O_RDWR)
            number, rounds = int(sys.argv[2]), int(sys.argv[3])
            for turn in range(rounds):
                content = bytes([number, turn % 256]) * 2048
                for page in range(number, 64, 2):
                    os.pwrite(area, content, 4096 + page * 4096)
                os.pwrite(area, content, 0)
                for page in range(number, 64, 2):
                    if os.pread(area, 4096, 4096 + page * 4096) != content:
                        sys.exit("page %d in turn %d" % (page, turn))
                shared = os.pread(area, 4096, 0)
                if shared != shared[:2] * 2048 or shared[0] > 1:
                    sys.exit("a mixed page in turn %d" % turn)
            """

        @Test(.enabled(if: SwapHost.has("python3"), "needs python3"))
        func twoProcessesWriteAtOnce() throws {
            let file = try mount.open("area")
            try file.truncate(to: 65 * 4096)
            let writers = try (0..<2).map { number in
                try ProgramRun(
                    "/usr/bin/env",
                    ["python3", "-c", Self.script, mount.path("area"), "\(number)", "100"])
            }
            for _ in 0..<10 {
                try mount.set("params/zpool", "zbud")
                try mount.set("params/compact", "1")
                try mount.set("params/zpool", "zsmalloc")
            }
            for writer in writers {
                let outcome = writer.wait(seconds: 60)
                #expect(outcome?.status == 0, "\(outcome?.description ?? "still runs")")
            }
            for page in 0..<64 {
                let bytes = try file.read(at: 4096 + page * 4096, count: 4096)
                #expect(bytes == (0..<2048).flatMap { _ in [UInt8(page % 2), 99] })
            }
        }

        @Test func appendsOfThreadsDoNotOverlap() throws {
            let path = mount.path("log")
            _ = try MountedFile(path)
            Threads.run(count: 4) { thread in
                guard let file = try? MountedFile(path, O_WRONLY | O_APPEND) else { return }
                for _ in 0..<50 {
                    _ = try? file.append([UInt8](repeating: UInt8(thread + 1), count: 333))
                }
            }
            let bytes = try MountedFile(path, O_RDONLY).read(at: 0, count: 100_000)
            #expect(bytes.count == 4 * 50 * 333)
            for start in stride(from: 0, to: bytes.count, by: 333) {
                #expect(bytes[start..<start + 333].allSatisfy { $0 == bytes[start] && $0 > 0 })
            }
        }

        @Test func vectorsAreWrittenInOrder() throws {
            let file = try mount.open("area")
            var first = [UInt8](repeating: 1, count: 5000)
            var second = [UInt8](repeating: 2, count: 7000)
            let written = first.withUnsafeMutableBytes { first in
                second.withUnsafeMutableBytes { second in
                    let parts = [
                        iovec(iov_base: first.baseAddress, iov_len: first.count),
                        iovec(iov_base: second.baseAddress, iov_len: second.count),
                    ]
                    return pwritev(file.descriptor, parts, 2, 123)
                }
            }
            #expect(written == 12_000)
            let bytes = try file.read(at: 0, count: 20_000)
            #expect(bytes.count == 12_123)
            #expect(bytes[123..<5123].allSatisfy { $0 == 1 })
            #expect(bytes[5123...].allSatisfy { $0 == 2 })
        }

        /// A private mapping is a copy of what the area held.
        @Test func mapsPrivately() throws {
            let file = try mount.open("area")
            try file.write([UInt8](repeating: 5, count: 10_000), at: 0)
            let mapped = mmap(nil, 12_288, PROT_READ, MAP_PRIVATE, file.descriptor, 0)
            let bytes = try #require(mapped == MAP_FAILED ? nil : mapped)
            defer { munmap(bytes, 12_288) }
            let view = UnsafeRawBufferPointer(start: bytes, count: 12_288)
            #expect(view[..<10_000].allSatisfy { $0 == 5 })
            #expect(view[10_000...].allSatisfy { $0 == 0 })
        }
    }
}
