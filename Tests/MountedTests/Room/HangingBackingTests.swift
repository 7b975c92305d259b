import Foundation
import LinuxSystem
import TestSupport
import Testing

/// A backing device that does not answer: only requests for its pages wait. On the ring the thread
/// of a processor's queue waits, and with it every request of that processor.
extension MountedTests {
    @Suite(.serialized, .timeLimit(.minutes(10))) struct HangingBackingTests {
        private static let pageCount = 64
        private static let warmCount = 16

        /// A mount with an area on a hanging device and one in memory.
        private final class Stage {
            // Given up in this order: files, then the mount, and last what it has open.
            let cold: MountedFile
            let warm: MountedFile
            let mount: TemporaryMount
            let device: HangingDevice

            init(_ transport: String) throws {
                device = try HangingDevice(mebibyteCount: 16)
                mount = try TemporaryMount("transport=\(transport)", "backing=\(device.path)")
                cold = try mount.open("cold")
                for page in 0..<pageCount { try cold.write(content(page), at: page * 4096) }
                try mount.set("params/writeback", "all")
                let isDone = Patience.wait(milliseconds: 20_000) { [mount] in
                    (try? mount.control("stats/writeback"))?.contains("state done") == true
                }
                try #require(isDone)
                warm = try mount.open("warm")
                for page in 0..<warmCount { try warm.write(content(page), at: page * 4096) }
            }

            deinit { device.goOn() }
        }

        private static func content(_ page: Int) -> [UInt8] {
            PageContent.compressible(UInt64(page))
        }

        /// All that has to go on.
        private func expectService(_ stage: Stage, _ round: Int) throws {
            let mount = stage.mount
            #expect(try mount.number("stats/stored_pages") > Self.warmCount)
            #expect(try mount.control("params/backing") == stage.device.path)
            #expect(try mount.control("stats/backing").contains(stage.device.path))
            #expect(try mount.control("stats/metrics").contains("zswapfs_"))
            try mount.set("params/max_pool_percent", "\(20 + round % 10)")
            for page in 0..<Self.warmCount {
                #expect(try stage.warm.read(at: page * 4096, count: 4096) == Self.content(page))
            }
            let page = round % Self.warmCount
            try stage.warm.write(Self.content(page), at: page * 4096)
            try stage.warm.write(Array(Self.content(page)[10..<20]), at: page * 4096 + 10)
            try mount.open("more").close()
            unlink(mount.path("more"))
        }

        @Test func nobodyElseWaits() throws {
            let stage = try Stage("dev")
            let (device, mount) = (stage.device, stage.mount)
            let path = mount.path("cold")
            // More than all threads of the mount.
            let readerCount = 12
            device.hang()
            let answers = ThreadAnswers()
            for page in 0..<readerCount {
                answers.add("read \(page)") {
                    try MountedFile(path).read(at: page * 4096, count: 4096) == Self.content(page)
                }
            }
            answers.add("patch") {
                try MountedFile(path).write([1, 2, 3], at: 40 * 4096 + 7) == 3
            }
            usleep(300_000)
            let begin = ContinuousClock.now
            for round in 0..<20 { try expectService(stage, round) }
            let duration = begin.duration(to: .now)
            #expect(duration < .seconds(20), "\(duration) for 20 rounds")
            #expect(answers.all.isEmpty, "no request is answered while it hangs")
            // Others can be set, and this one given up.
            let file = TemporaryFile("other-\(UInt32.random(in: .min ... .max))")
            try OpenFile(file.path, for: .creating).truncate(toByteCount: 8 << 20)
            try mount.set("params/backing", file.path)
            #expect(try mount.control("params/backing") == file.path)
            try mount.set("params/backing", "none")
            device.goOn()
            #expect(Patience.wait(milliseconds: 20_000) { answers.all.count == readerCount + 1 })
            #expect(answers.all.values.allSatisfy { $0 }, "\(answers.all)")
            var patched = Self.content(40)
            patched.replaceSubrange(7..<10, with: [1, 2, 3])
            #expect(try stage.cold.read(at: 40 * 4096, count: 4096) == patched)
        }

        /// An operation that cuts a page on the device waits for the device as well.
        @Test func cuttingWaitsAlone() throws {
            let stage = try Stage("dev")
            let path = stage.mount.path("cold")
            stage.device.hang()
            let answers = ThreadAnswers()
            answers.add("punch") {
                try MountedFile(path).allocate(3, at: 8 * 4096 + 100, count: 8192)
                return true
            }
            usleep(100_000)
            try expectService(stage, 0)
            stage.device.goOn()
            #expect(Patience.wait(milliseconds: 20_000) { answers.all["punch"] == true })
            stage.device.hang()
            answers.add("cut") {
                try MountedFile(path).truncate(to: 20 * 4096 + 100)
                return true
            }
            usleep(100_000)
            for _ in 0..<3 {
                #expect(try stage.warm.read(at: 0, count: 4096) == Self.content(0))
                #expect(try stage.mount.control("params/backing") == stage.device.path)
            }
            stage.device.goOn()
            #expect(Patience.wait(milliseconds: 20_000) { answers.all["cut"] == true })
            var cut = Self.content(8)
            cut.replaceSubrange(100..., with: [UInt8](repeating: 0, count: 3996))
            #expect(try stage.cold.read(at: 8 * 4096, count: 4096) == cut)
            let last = try stage.cold.read(at: 20 * 4096, count: 4096)
            #expect(last == Array(Self.content(20)[..<100]))
            #expect(try stage.cold.status().st_size == 20 * 4096 + 100)
        }

        /// Many at once, on all processors: every answer comes, and is the right one.
        @Test(arguments: MountHost.transports) func manyReadersGetTheirPages(
            transport: String
        ) throws {
            let stage = try Stage(transport)
            let path = stage.mount.path("cold")
            let answers = ThreadAnswers()
            for reader in 0..<12 {
                answers.add("reader \(reader)") {
                    let file = try MountedFile(path)
                    var isRight = true
                    for round in 0..<100 {
                        let page = (reader * 17 + round * 5) % Self.pageCount
                        let bytes = try file.read(at: page * 4096, count: 4096)
                        isRight = isRight && bytes == Self.content(page)
                    }
                    // And more than one page at once, with pieces for helpers.
                    let all = try file.read(at: 0, count: Self.pageCount * 4096)
                    return isRight
                        && all == Array((0..<Self.pageCount).map { Self.content($0) }.joined())
                }
            }
            #expect(Patience.wait(milliseconds: 60_000) { answers.all.count == 12 })
            #expect(answers.all.values.allSatisfy { $0 }, "\(answers.all)")
        }
    }
}
