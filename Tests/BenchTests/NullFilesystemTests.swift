import Experiment
import Foundation
import LinuxSystem
import TestSupport
import Testing

/// The null filesystem through the kernel, by both transports.
extension BenchTests {
    @Suite(
        .serialized, .timeLimit(.minutes(10)),
        .enabled(if: MountHost.canMount && BuiltProgram.bench != nil, "\(MountHost.need)"))
    struct NullFilesystemTests {
        private static let byteCount = 4 << 20

        private func serve(
            _ transport: String, at path: String, _ more: [String] = []
        ) throws -> ProgramRun {
            let run = try ProgramRun(
                Bench.program(),
                ["null", path, "--size", "\(Self.byteCount)", "--transport", transport] + more)
            let serves = Patience.wait(milliseconds: 20_000) {
                SystemCall.exists("\(path)/data") || !run.isRunning
            }
            guard serves, run.isRunning else { throw CallFailure(run.errorText, EIO) }
            return run
        }

        @Test(arguments: MountHost.transports) func keepsWhatIsWritten(transport: String) throws {
            let directory = try TemporaryDirectory()
            let path = try directory.makeDirectory("mount")
            let run = try serve(transport, at: path)
            // After a failure here the process ends with the mount.
            defer { umount2(path, CInt(MNT_DETACH)) }
            let file = try MountedFile("\(path)/data", O_RDWR)
            #expect(try file.status().st_size == Self.byteCount)
            var random = SplitMix64(seed: 1)
            let bytes = PageContent.program.bytes(Self.byteCount, &random)
            try file.write(bytes, at: 0)
            try file.write([1, 2, 3], at: 5000)
            try file.allocate(MountedFile.punchHole | MountedFile.keepSize, at: 0, count: 4096)
            #expect(try file.read(at: 5000, count: 3) == [1, 2, 3])
            let end = Self.byteCount - 100
            #expect(try file.read(at: end, count: 4096) == Array(bytes[end...]))
            #expect(try file.read(at: 1 << 20, count: 1 << 20) == Array(bytes[1 << 20..<2 << 20]))

            run.signal(SIGTERM)
            #expect(run.says("SIGTERM refused"), "it is in use")
            try file.close()
            run.signal(SIGTERM)
            #expect(run.wait(seconds: 20)?.status == 0)
            #expect(!SystemCall.exists("\(path)/data"))
        }

        /// The record of a null filesystem after `body` has used its file.
        private func record(
            _ more: [String], _ body: (MountedFile) throws -> Void
        ) throws -> SwapRecord {
            let directory = try TemporaryDirectory()
            let path = try directory.makeDirectory("mount")
            let record = TemporaryFile("null-record")
            let run = try serve("dev", at: path, ["--record", record.path] + more)
            defer { umount2(path, CInt(MNT_DETACH)) }
            let file = try MountedFile("\(path)/data", O_RDWR)
            try body(file)
            try file.close()
            run.signal(SIGTERM)
            #expect(run.wait(seconds: 20)?.status == 0)
            return try SwapRecord(file: record.path)
        }

        @Test func recordsWhatItIsAskedFor() throws {
            let record = try record([]) { file in
                try file.write(PageContent.incompressible(1), at: 3 * 4096)
                try file.write([UInt8](repeating: 7, count: 4096), at: 8 * 4096)
                try file.write([1, 2, 3], at: 9 * 4096 + 5)
                _ = try file.read(at: 3 * 4096 + 100, count: 4096)
                // Of the first and the last page only a part.
                try file.allocate(
                    MountedFile.punchHole | MountedFile.keepSize, at: 2 * 4096 + 1, count: 3 * 4096)
                try file.allocate(MountedFile.keepSize, at: 0, count: 4096)
            }
            #expect(record.lostEventCount == 0)
            let small = try #require(record.events.first { $0.page == 9 })
            #expect((1..<100).contains(small.byteCount), "zeros but for three bytes")
            #expect(
                record.events == [
                    SwapEvent(.store, page: 3, byteCount: 4096), SwapEvent(.store, page: 8),
                    small, SwapEvent(.load, page: 3), SwapEvent(.load, page: 4),
                    SwapEvent(.discard, page: 3), SwapEvent(.discard, page: 4),
                ])
        }

        @Test func aFullRecordSaysWhatItLost() throws {
            let record = try record(["--events", "512"]) { file in
                for page in 0..<768 { _ = try file.read(at: page * 4096, count: 4096) }
            }
            #expect(record.events.count == 512)
            #expect(record.lostEventCount == 256)
        }

        @Test func theRingIsNotRecorded() throws {
            let outcome = try Bench.run(
                ["null", "/nonexistent", "--record", "/nonexistent/record", "--transport", "uring"])
            #expect(outcome.status == 64)
            #expect(outcome.errors.contains("--record"))
        }
    }
}
