import Compressors
import Experiment
import Foundation
import LinuxSystem
import TestSupport
import Testing
import ZswapCore

/// Requests, and what is made of their times, on plain files.
extension BenchTests {
    @Suite struct RequestTests {
        private static let byteCount = 2 << 20

        private func pages() throws -> PageMemory {
            let samples = try PageSamples(process: getpid())
            return try samples.repeated(pageCount: Self.byteCount >> Page.shift)
        }

        /// A file of this length that can be used past the page cache.
        private func file(_ name: String) throws -> (TemporaryFile, OpenFile) {
            let file = TemporaryFile("bench-\(name)")
            try OpenFile(file.path, for: .creating).truncate(toByteCount: UInt64(Self.byteCount))
            return (file, try OpenFile(file.path, for: .direct))
        }

        @Test func everyWorkloadRuns() throws {
            let (nullKept, null) = try file("null")
            let (areaKept, area) = try file("area")
            let experiment = try RequestExperiment(
                null: null, zswapfs: area, pages: pages(), seconds: 0.01)
            #expect(RequestWorkload.all.count == 8)
            #expect(Set(RequestWorkload.all.map(\.name)).count == 8)
            for workload in RequestWorkload.all {
                var turns: [Int] = []
                let comparison = try experiment.compare(workload, repeats: 3, processorCount: 2) {
                    turns.append($0)
                }
                #expect(turns == [0, 1, 2])
                #expect(comparison.zswapfs.latencies.p50 > 0)
                #expect(comparison.zswapfs.latencies.max >= comparison.zswapfs.latencies.p50)
                #expect(comparison.codecNanoseconds > 0)
                #expect(comparison.floorNanoseconds >= comparison.null.nanosecondsEach)
                #expect(comparison.ratio > 0)
            }
            #expect(try experiment.wrongPageCount() == 0)
            withExtendedLifetime((nullKept, areaKept)) {}
        }

        @Test func aWrongByteIsSeen() throws {
            let (nullKept, null) = try file("null")
            let (areaKept, area) = try file("area")
            let experiment = try RequestExperiment(
                null: null, zswapfs: area, pages: pages(), seconds: 0.01)
            let other = try MountedFile(areaKept.path, O_RDWR)
            let at = 77 * Page.byteCount + 4095
            let byte = try other.read(at: at, count: 1)
            try other.write(byte.map { ~$0 }, at: at)
            #expect(try experiment.wrongPageCount() == 1)
            withExtendedLifetime(nullKept) {}
        }

        @Test func aShortFileIsAnError() throws {
            let (kept, file) = try file("short")
            let memory = try pages()
            try file.truncate(toByteCount: UInt64(Self.byteCount / 2))
            let requests = DirectRequests(.read, on: file, memory: memory, byteCount: 1 << 20)
            #expect(throws: SystemFailure.self) {
                var places = [0, 1].makeIterator()
                try requests.run(depth: 2, next: { places.next() }) { _ in }
            }
            var count = 0
            #expect(throws: SystemFailure.self) {
                var places = [0, 1].makeIterator()
                try requests.runInTurn(next: { places.next() }) { _ in count += 1 }
            }
            #expect(count == 1)
            withExtendedLifetime(kept) {}
        }

        @Test func theCodecShrinksThePages() throws {
            let pages = try pages()
            let codec = try BareCodec(
                LZ4Compressor(), on: pages, seed: 1)
            let times = codec.run()
            #expect(times.byteCount > 0)
            #expect(times.byteCount < Self.byteCount)
            #expect(codec.run().byteCount == times.byteCount)
        }
    }
}
