import Foundation
import LinuxSystem
import TestSupport
import Testing

/// Writes that wait until a slow backing device has made room: only they wait.
extension MountedTests {
    @Suite(.serialized, .timeLimit(.minutes(10))) struct WaitingWriteTests {
        private static let warmCount = 16
        /// More than all threads of the mount, and far more than there is room for.
        private static let writerCount = 12
        private static let writerByteCount = 1 << 20

        /// A mount whose pools hold 4 MiB, with pages that stay in memory, and a backing device.
        private final class Stage {
            // Given up in this order: files, then the mount, and last what it has open.
            let warm: MountedFile
            let mount: TemporaryMount
            let device: HangingDevice

            init() throws {
                device = try HangingDevice(mebibyteCount: 32)
                mount = try TemporaryMount(
                    "transport=dev", "max_pool_bytes=4M", "backing=\(device.path)")
                warm = try mount.open("warm")
                try mount.set("params/areas/warm/writeback", "N")
                for page in 0..<warmCount { try warm.write(content(page), at: page * 4096) }
                try mount.open("cold").close()
            }

            deinit { device.goOn() }
        }

        private static func content(_ page: Int) -> [UInt8] {
            PageContent.incompressible(UInt64(page))
        }

        /// The bytes of the cold area from `offset` on.
        private static func bytes(at offset: Int, _ byteCount: Int) -> [UInt8] {
            let first = 1000 + offset / 4096
            return (first..<first + byteCount / 4096).flatMap { content($0) }
        }

        /// Writers of `byteCount` each, together at least three times what there is room for.
        private func startWriters(
            _ stage: Stage, chunkByteCount: Int, byteCount: Int = writerByteCount
        ) -> ThreadAnswers {
            let answers = ThreadAnswers()
            let path = stage.mount.path("cold")
            for writer in 0..<Self.writerCount {
                answers.add("writer \(writer)") {
                    let file = try MountedFile(path)
                    let start = writer * byteCount
                    for offset in stride(from: start, to: start + byteCount, by: chunkByteCount) {
                        let taken = try file.write(
                            Self.bytes(at: offset, chunkByteCount), at: offset)
                        guard taken == chunkByteCount else { return false }
                    }
                    return true
                }
            }
            return answers
        }

        @Test func readsOfOtherPagesGoOn() throws {
            let stage = try Stage()
            stage.device.hang()
            // More than there is room for: a writer that runs alone for a while does not end.
            let answers = startWriters(stage, chunkByteCount: 64 << 10, byteCount: 8 << 20)
            usleep(200_000)
            #expect(answers.all.isEmpty, "all writers wait")
            for page in 0..<Self.warmCount {
                #expect(try stage.warm.read(at: page * 4096, count: 4096) == Self.content(page))
            }
            #expect(answers.all.isEmpty, "a read waited for the writers")
            // Without progress for a second they are refused.
            #expect(Patience.wait(milliseconds: 60_000) { answers.all.count == Self.writerCount })
            #expect(try stage.mount.number("stats/reject_reclaim_fail") > 0)
        }

        /// Also those that helpers take pieces of.
        @Test(arguments: [64 << 10, 256 << 10]) func allAreDoneWhenThereIsRoom(
            chunkByteCount: Int
        ) throws {
            let stage = try Stage()
            stage.device.hang()
            let answers = startWriters(stage, chunkByteCount: chunkByteCount)
            usleep(200_000)
            stage.device.goOn()
            #expect(Patience.wait(milliseconds: 60_000) { answers.all.count == Self.writerCount })
            #expect(answers.all.values.allSatisfy { $0 }, "\(answers.all)")
            let cold = try stage.mount.open("cold")
            for offset in stride(
                from: 0, to: Self.writerCount * Self.writerByteCount, by: 64 << 10)
            {
                let bytes = try cold.read(at: offset, count: 64 << 10)
                #expect(bytes == Self.bytes(at: offset, 64 << 10), "at \(offset)")
            }
        }
    }
}
