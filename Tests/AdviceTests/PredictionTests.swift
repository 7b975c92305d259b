import Foundation
import LinuxSystem
import SwapStore
import TestSupport
import Testing
import ZPool
import ZswapCore

@testable import Advice

/// The pool bytes that a sample tells, beside those of a run with all pages.
@Suite struct PredictionTests {
    /// How far the prediction may be off, by the real figure.
    private static let tolerance = 0.05
    private static let sampleCount = 2000
    private static let wholeCount = 16_000

    /// Pages of all kinds in blocks, as memory has them: the first kinds are not in the last part.
    private static func write(_ count: Int, to path: String) throws {
        var random = SplitMix64(seed: 11)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count * Page.byteCount)
        let kinds = PageContent.allCases
        for index in 0..<count {
            bytes += kinds[index * kinds.count / count].bytes(Page.byteCount, &random)
        }
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }

    private func forecast(of path: String, zpool: String) throws -> Forecast {
        let zpools = ZpoolRegistry.standard()
        let source = try FileSource(path: path)
        let sample = try PageSample(of: [source], wanted: Self.sampleCount, seed: 3) { _ in }
        let lz4 = try #require(CompressorChoice("lz4"))
        return try Forecast(
            of: sample, zpool: zpool, of: zpools, compressor: lz4,
            daemon: Forecast.Daemon(byteCount: 0, codecCount: 0), seed: 3
        ) {}
    }

    private static func isNear(_ predicted: Int, _ real: Int) -> Bool {
        abs(Double(predicted - real)) <= tolerance * Double(real)
    }

    /// All pages in a store of this process, in the order of the file.
    @Test(arguments: ["zsmalloc", "z3fold", "zbud"])
    func aSampleTellsWhatTheWholeTakes(zpool: String) throws {
        let file = TemporaryFile("advice-\(zpool)")
        try Self.write(Self.wholeCount, to: file.path)
        let forecast = try forecast(of: file.path, zpool: zpool)
        let rig = try StoreRig(
            zpool: zpool, of: .standard(), compressor: try #require(CompressorChoice("lz4")),
            roomByteCount: Self.wholeCount * Page.byteCount, workerCount: 1)
        let pages = try PageMemory(mapping: OpenFile(file.path, for: .reading))
        for number in 0..<Self.wholeCount { try rig.write(pages.page(number), to: number) }
        #expect(
            Self.isNear(forecast.cost.pools, rig.poolByteCount),
            "\(forecast.cost.pools) and \(rig.poolByteCount)")
        let memory = rig.memory
        #expect(forecast.cost.entries == memory.entries && forecast.cost.tables == memory.tables)
        let records = memory.runDescriptors + memory.segmentRecords
        #expect(
            abs(forecast.cost.records - records) <= records / 4,
            "\(forecast.cost.records) and \(records)")
        // In proportion to the sample it would be wrong where there are many size classes.
        let inProportion =
            forecast.outcome.samplePoolByteCount * Self.wholeCount / Self.sampleCount
        if zpool == "zsmalloc" { #expect(!Self.isNear(inProportion, rig.poolByteCount)) }
    }

    /// All pages written to an area of a mount, as the kernel would.
    @Test(
        .enabled(if: MountHost.canMount, "needs root, /dev/fuse and the built zswapfs"),
        arguments: ["zsmalloc", "z3fold", "zbud"])
    func aSampleTellsWhatAMountTakes(zpool: String) throws {
        let file = TemporaryFile("advice-mounted-\(zpool)")
        try Self.write(Self.wholeCount, to: file.path)
        let forecast = try forecast(of: file.path, zpool: zpool)
        let mount = try TemporaryMount("zpool=\(zpool),compressor=lz4,max_pool_percent=50")
        let area = try mount.open("swap")
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: file.path)))
        for start in stride(from: 0, to: bytes.count, by: 1 << 20) {
            let part = Array(bytes[start..<min(start + 1 << 20, bytes.count)])
            #expect(try area.write(part, at: start) == part.count)
        }
        let real = try mount.number("stats/pool_total_size")
        #expect(try mount.number("stats/stored_pages") == Self.wholeCount)
        #expect(Self.isNear(forecast.cost.pools, real), "\(forecast.cost.pools) and \(real)")
    }

    /// Beyond the pages that are put into a pool the growth goes on: checked where both are known.
    @Test func aPoolGoesOnAsItGrew() throws {
        var random = SplitMix64(seed: 9)
        let keepings = (0..<1000).map { _ in
            PageKeeping.object(byteCount: Int(random.next() % 4000) + 1)
        }
        let replay = PoolReplay(keepings, in: "zsmalloc", of: .standard(), seed: 1)
        let small = try replay.memory(ofPageCount: PoolReplay.pageCountMax) {}
        let large = try replay.memory(ofPageCount: 10 * PoolReplay.pageCountMax) {}
        let ratio = Double(large.poolByteCount) / Double(small.poolByteCount)
        // A little less than in proportion, since begun zspages count once.
        #expect((9.8...10).contains(ratio), "\(ratio)")
        let whole = try replay.memory(ofPageCount: 1000) {}
        #expect(whole.poolByteCount > small.poolByteCount * 1000 / PoolReplay.pageCountMax)
    }

    /// Frames of the store's own count as a frame each, same-filled pages as nothing.
    @Test func pagesWithoutObjectsAreCountedAsTheyAre() throws {
        let replay = PoolReplay(
            [.frame, .sameFilled, .frame, .sameFilled], in: "zbud", of: .standard(), seed: 1)
        #expect(try replay.memory(ofPageCount: 4000) {}.poolByteCount == 2000 * 4096)
    }
}
