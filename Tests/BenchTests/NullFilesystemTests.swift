import Foundation
import LinuxSystem
import TestSupport
import Testing

/// The null filesystem through the kernel, by both transports.
extension BenchTests {
    @Suite(
        .serialized, .timeLimit(.minutes(2)),
        .enabled(if: MountHost.canMount && BuiltProgram.bench != nil, "\(MountHost.need)"))
    struct NullFilesystemTests {
        private static let byteCount = 4 << 20

        private func serve(_ transport: String, at path: String) throws -> ProgramRun {
            let run = try ProgramRun(
                Bench.program(),
                ["null", path, "--size", "\(Self.byteCount)", "--transport", transport])
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
            // Whatever fails here: the process ends with the mount.
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
    }
}
