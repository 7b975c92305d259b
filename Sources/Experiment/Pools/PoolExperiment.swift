public import Advice
import LinuxSystem
import SwapStore
import Threads
public import ZPool
import ZswapCore

/// Every driver with every compressor on given pages, in this process, in turns with the bare
/// codec.
///
/// Each turn: the bare codec over all pages, then the store: filled once and emptied, so that its
/// memory is there, filled again, loaded, both in the same random order as the codec's. The loaded
/// pages are compared at the end, outside the times.
public struct PoolExperiment {
    /// The seed of the orders: every run of the program asks for the same ones.
    private static let seed: UInt64 = 1

    /// Pages of a pool that make its beginning small beside them: the zspage that each size class
    /// has begun. A sample is stored as often as it takes.
    private static let pageCountOfRatio = 65536

    /// Bytes that finding the ratio out may take, beside what storing the sample takes.
    public static let byteCountOfRatio = 2 * pageCountOfRatio * Page.byteCount

    private let pages: PageMemory
    private let samples: PageSamples
    private let order: [Int]
    private let zpools: ZpoolRegistry

    /// An experiment with these pages, for drivers of this registry.
    public init(_ samples: PageSamples, zpools: ZpoolRegistry) throws {
        self.zpools = zpools
        pages = try samples.repeated(pageCount: samples.pageCount)
        self.samples = samples
        var generator = SplitMix64(seed: Self.seed)
        order = (0..<pages.pageCount).shuffled(using: &generator)
    }

    /// Measures one driver and compressor. `before` is told each turn's number; an
    /// error that it throws ends the measurement.
    public func measure(
        zpool: String, compressor: CompressorChoice, repeats: Int, threadCounts: [Int],
        before: (_ turn: Int) throws -> Void
    ) throws -> PoolMeasurement {
        let codec = try makeCodec(compressor)
        let rig = try makeRig(zpool, compressor, workerCount: 1)
        var bare: [BareCodec.Times] = []
        var passes: [Pass] = []
        try fill(rig)
        for turn in 0..<repeats {
            try before(turn)
            bare.append(codec.run())
            passes.append(try pass(rig))
        }
        try verify(rig)
        let (storeLatencies, loadLatencies) = try latencies(rig)
        let store = Median.of(passes.map(\.store))
        let load = Median.of(passes.map(\.load))
        let bareStore = Median.of(bare.map(\.compress))
        let bareLoad = Median.of(bare.map(\.decompress))
        let poolByteCount = rig.poolByteCount
        let objectByteCount = rig.objectByteCount
        let ratio = try ratio(zpool, compressor, poolByteCount: poolByteCount)
        let contentShare =
            Double(pages.pageCount - samples.zeroPageCount) / Double(pages.pageCount)
        return PoolMeasurement(
            pages: samples.origin, pageCount: pages.pageCount,
            wholePageCount: samples.wholePageCount, zeroPageCount: samples.zeroPageCount,
            zpool: zpool,
            compressor: compressor.description,
            poolByteCount: poolByteCount, objectByteCount: objectByteCount,
            ratio: ratio, contentRatio: ratio * contentShare,
            store: store, load: load, bareStore: bareStore, bareLoad: bareLoad,
            storeShare: bareStore / store, loadShare: bareLoad / load,
            threads: try threadCounts.map {
                try speedup(zpool, compressor, threadCount: $0, repeats: repeats)
            },
            storeLatencies: storeLatencies, loadLatencies: loadLatencies)
    }

    /// Nanoseconds a page.
    private struct Pass {
        var store: Double
        var load: Double
    }

    private func makeRig(
        _ zpool: String, _ compressor: CompressorChoice, workerCount: Int, copyCount: Int = 1
    ) throws -> StoreRig {
        try StoreRig(
            zpool: zpool, of: zpools, compressor: compressor,
            roomByteCount: copyCount * pages.pageCount << Page.shift, workerCount: workerCount)
    }

    /// Original bytes by pool bytes, of the whole: a sample is stored again and again, until it is
    /// as many pages as the whole has, or as many as show the ratio of any number. Of few pages a
    /// pool of many size classes has a part that does not grow with them.
    private func ratio(
        _ zpool: String, _ compressor: CompressorChoice, poolByteCount: Int
    ) throws -> Double {
        let wanted = min(samples.wholePageCount, Self.pageCountOfRatio)
        let copyCount = (wanted + pages.pageCount - 1) / pages.pageCount
        guard copyCount > 1 else {
            return Double(pages.pageCount * Page.byteCount) / Double(max(poolByteCount, 1))
        }
        let rig = try makeRig(zpool, compressor, workerCount: 1, copyCount: copyCount)
        for copy in 0..<copyCount {
            let first = copy * pages.pageCount
            for number in order { try rig.write(pages.page(number), to: first + number) }
        }
        return Double(copyCount * pages.pageCount * Page.byteCount)
            / Double(max(rig.poolByteCount, 1))
    }

    private func fill(_ rig: StoreRig) throws {
        for number in order { try rig.write(pages.page(number), to: number) }
    }

    private func pass(_ rig: StoreRig) throws -> Pass {
        try rig.discard(0..<pages.pageCount)
        let target = try PageMemory(pageCount: 1)
        let begin = UInt64(MonotonicClock.nanoseconds)
        try fill(rig)
        let middle = UInt64(MonotonicClock.nanoseconds)
        for number in order.reversed() {
            var page = target.mutableBytes(0..<Page.byteCount)
            try rig.read(number, into: &page)
        }
        let end = UInt64(MonotonicClock.nanoseconds)
        let count = Double(pages.pageCount)
        return Pass(store: Double(middle - begin) / count, load: Double(end - middle) / count)
    }

    private func verify(_ rig: StoreRig) throws {
        let target = try PageMemory(pageCount: 1)
        for number in 0..<pages.pageCount {
            var page = target.mutableBytes(0..<Page.byteCount)
            try rig.read(number, into: &page)
            invariant(
                target.isPage(0, equalTo: number, of: pages), "page \(number) came back wrong")
        }
    }

    private func latencies(_ rig: StoreRig) throws -> (LatencySummary, LatencySummary) {
        var stores = Latencies()
        var loads = Latencies()
        let target = try PageMemory(pageCount: 1)
        for number in order {
            let begin = UInt64(MonotonicClock.nanoseconds)
            try rig.write(pages.page(number), to: number)
            stores.record(UInt64(MonotonicClock.nanoseconds) - begin)
        }
        for number in order {
            var page = target.mutableBytes(0..<Page.byteCount)
            let begin = UInt64(MonotonicClock.nanoseconds)
            try rig.read(number, into: &page)
            loads.record(UInt64(MonotonicClock.nanoseconds) - begin)
        }
        return (stores.summary, loads.summary)
    }

    /// All threads store and load all pages, each at places of its own, beside one thread that does
    /// so, in turns.
    private func speedup(
        _ zpool: String, _ compressor: CompressorChoice, threadCount: Int, repeats: Int
    ) throws -> PoolMeasurement.Speedup {
        let one = try makeRig(zpool, compressor, workerCount: 1)
        let many = try StoreRig(
            zpool: zpool, of: zpools, compressor: compressor,
            roomByteCount: threadCount * pages.pageCount << Page.shift, workerCount: threadCount)
        let codecs = try (0..<threadCount).map { _ in try makeCodec(compressor) }
        var bareOnes: [Double] = []
        var bareManys: [Double] = []
        var ones: [Pass] = []
        var manys: [Pass] = []
        // The first turn is for the memory.
        for _ in 0...repeats {
            ones.append(try parallelPass(one))
            manys.append(try parallelPass(many))
            bareOnes.append(try Self.parallelRun(Array(codecs.prefix(1))))
            bareManys.append(try Self.parallelRun(codecs))
        }
        func gain(_ time: (Pass) -> Double) -> Double {
            Double(threadCount) * Median.of(ones.dropFirst().map(time))
                / Median.of(manys.dropFirst().map(time))
        }
        let bare =
            Double(threadCount) * Median.of(Array(bareOnes.dropFirst()))
            / Median.of(Array(bareManys.dropFirst()))
        return PoolMeasurement.Speedup(
            count: threadCount, store: gain(\.store), load: gain(\.load), bare: bare)
    }

    /// Nanoseconds of all codecs, each on a thread of its own, over all pages.
    private static func parallelRun(_ codecs: [BareCodec]) throws -> Double {
        let race = Race(runnerCount: codecs.count)
        ThreadGroup.run(count: codecs.count) { index in
            race.run { _ = codecs[index].run() }
        }
        return Double(try race.nanoseconds())
    }

    private func makeCodec(_ choice: CompressorChoice) throws -> BareCodec {
        try BareCodec(choice.compressor, level: choice.level, on: pages, seed: Self.seed)
    }

    private func parallelPass(_ rig: StoreRig) throws -> Pass {
        let (pages, order) = (pages, order)
        let store = try rig.onAllWorkers { worker in
            let first = worker * pages.pageCount
            try rig.discard(first..<first + pages.pageCount, worker: worker)
            for number in order {
                try rig.write(pages.page(number), to: first + number, worker: worker)
            }
        }
        let load = try rig.onAllWorkers { worker in
            let first = worker * pages.pageCount
            let target = try PageMemory(pageCount: 1)
            for number in order {
                var page = target.mutableBytes(0..<Page.byteCount)
                try rig.read(first + number, into: &page, worker: worker)
            }
        }
        let count = Double(pages.pageCount)
        return Pass(store: Double(store) / count, load: Double(load) / count)
    }
}
