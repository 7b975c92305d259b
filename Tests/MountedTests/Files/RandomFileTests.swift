import Foundation
import TestSupport
import Testing

/// Random operations on files, for as long as wanted:
///
///     ZSWAPFS_FSX_OPERATIONS=1000000 ZSWAPFS_FSX_SEEDS="1 2 3" swift test --filter RandomFileTests
extension MountedTests {
    @Suite(.serialized) struct RandomFileTests {
        private static let environment = ProcessInfo.processInfo.environment
        private static let stepCount = environment["ZSWAPFS_FSX_OPERATIONS"].flatMap { Int($0) }
        private static let seeds =
            environment["ZSWAPFS_FSX_SEEDS"]?.split(separator: " ").compactMap { UInt64($0) }

        /// Each seed with one of the transports in turn.
        private static let runs = (seeds ?? [1, 2]).enumerated().map { index, seed in
            (seed, MountHost.transports[index % MountHost.transports.count])
        }

        @Test(.timeLimit(.minutes(60)), arguments: Self.runs)
        func filesMatchTheModel(seed: UInt64, transport: String) throws {
            let mount = try TemporaryMount("transport=\(transport)")
            let stepCount = Self.stepCount ?? 10_000
            var run = try RandomFileRun(mount, seed: seed)
            let start = Date()
            try run.run(stepCount: stepCount)
            let counts = run.counts.sorted { $0.value > $1.value }
                .map { "\($0.key) \($0.value)" }.joined(separator: ", ")
            let seconds = Int(Date().timeIntervalSince(start))
            print("seed \(seed), \(transport): \(stepCount) operations in \(seconds) s: \(counts)")
            #expect(try mount.number("stats/checksum_fail") == 0)
            #expect(try mount.number("stats/failed_reads") == 0)
            #expect(try mount.number("stats/failed_writes") == 0)
            // Nothing leaks: an empty file holds nothing.
            for name in try FileManager.default.contentsOfDirectory(atPath: mount.path)
            where name.hasPrefix("file") {
                #expect(truncate(mount.path(name), 0) == 0)
            }
            #expect(try mount.number("stats/stored_pages") == 0)
            #expect(try mount.number("stats/stored_size") == 0)
            #expect(try mount.number("stats/pool_total_size") == 0)
        }

        /// The model sees a difference: without that the test above says nothing.
        @Test func aByteThatIsWrongIsSeen() throws {
            var model = RandomFileModel(byteCountMax: 10_000)
            let content = [UInt8](repeating: 3, count: 5000)
            content.withUnsafeBytes { model.write($0, at: 100) }
            var read = [UInt8](repeating: 0, count: 100) + content
            #expect(read.withUnsafeBytes { model.matches($0, at: 0, wanted: 9000) })
            read[4711] = 4
            #expect(!read.withUnsafeBytes { model.matches($0, at: 0, wanted: 9000) })
            #expect(read.withUnsafeBytes { model.firstDifference($0, at: 0) } == 4711)
            #expect(!read.dropLast().withUnsafeBytes { model.matches($0, at: 0, wanted: 9000) })
            model.truncate(to: 4097)
            #expect(model.nextHole(from: 0) == 4097)
            model.extend(to: 9000)
            #expect(model.nextHole(from: 0) == 8192)
            #expect(model.nextData(from: 8192) == nil)
        }
    }
}
