import Advice
import Compressors
import LinuxSystem
public import ZPool
import ZswapCore

/// Whether a page costs the same however many are stored and however large the area is, in this
/// process.
///
/// Pages are real ones that compress well, so that ten million of them fit, each with its number in
/// it, so that no two are the same. At every size the same number of pages is touched in each
/// measurement, with the same codec's work: what differs is only how far apart they lie.
public struct ScaleExperiment: Sendable {
    /// Sizes of compressed pages that are taken, in bytes.
    private static let objectByteCounts = 128...640
    /// Different pages; all of them together stay in the processor's cache.
    private static let kindCountMax = 64
    /// Pages touched in each measurement by each worker: half of the fewest that are stored.
    private static let touchCount = 5_000
    /// Pages that are compared at the end, evenly spread.
    private static let comparedPageCountMax = 10_000
    /// Pages that lie side by side where an area is larger than what is stored in it.
    private static let clusterPageCount = 512
    private static let seed: UInt64 = 1

    private let kinds: PageMemory
    private let zpool: String
    private let zpools: ZpoolRegistry
    /// Bytes a stored page takes, with its table entry, to be safe: known of zsmalloc; of others
    /// only that no object needs more than a frame.
    public static func byteCountEach(zpool: String) -> Int {
        zpool == "zsmalloc" ? 896 : Page.byteCount
    }

    /// An experiment with those of the pages that compress well, for one driver of this registry.
    /// Throws when no page compresses well.
    public init(_ samples: PageSamples, zpool: String, of zpools: ZpoolRegistry) throws {
        self.zpool = zpool
        self.zpools = zpools
        let pages = try samples.repeated(pageCount: samples.pageCount)
        let scratch = try PageMemory(pageCount: 1)
        let codec = try LZ4Compressor().makeCodec(level: LZ4Compressor().level(for: nil))
        var chosen: [Int] = []
        for index in 0..<pages.pageCount where chosen.count < Self.kindCountMax {
            var output = scratch.mutableBytes(0..<Page.byteCount)
            if case .compressed(let byteCount) = codec.compress(pages.page(index), into: &output),
                Self.objectByteCounts.contains(byteCount)
            {
                chosen.append(index)
            }
        }
        guard !chosen.isEmpty else {
            throw PageSamples.Failure(
                description: "\(samples.origin): no page compresses to "
                    + "\(Self.objectByteCounts.lowerBound) to \(Self.objectByteCounts.upperBound)"
                    + " bytes")
        }
        kinds = try PageMemory(pageCount: chosen.count)
        for (target, source) in chosen.enumerated() {
            kinds.copy(page: source, of: pages, to: target)
        }
    }

    /// Measures with `pageCount` pages in an area of `areaByteCount` bytes, which must hold them.
    public func measure(
        pageCount: Int, areaByteCount: UInt64, workerCount: Int, repeats: Int,
        before: (_ turn: Int) throws -> Void
    ) throws -> ScaleMeasurement {
        let places = Places(
            pageCount: pageCount, areaPageCount: Int(areaByteCount >> UInt64(Page.shift)),
            clusterPageCount: Self.clusterPageCount)
        let rig = try StoreRig(
            zpool: zpool, of: zpools, compressor: CompressorChoice(LZ4Compressor()),
            roomByteCount: pageCount * Self.byteCountEach(zpool: zpool), workerCount: workerCount)
        let writers = try (0..<workerCount).map { _ in try copyOfKinds() }
        invariant(pageCount / workerCount >= Self.touchCount)
        // The whole content first, then what the measurements touch, again and again.
        try timed(rig, count: pageCount / workerCount) { worker, step in
            try Self.write(
                places, worker * (pageCount / workerCount) + step, rig, writers[worker], worker)
        }
        let metadata = Double(rig.metadataByteCount) / Double(pageCount)
        var turns: [[Double]] = []
        for turn in 0..<repeats {
            try before(turn)
            turns.append(
                try times(rig, places, writers, pageCount, UInt64(turn)))
        }
        try verify(rig, places, pageCount)
        let medians = turns[0].indices.map { index in Median.of(turns.map { $0[index] }) }
        return ScaleMeasurement(
            pageCount: pageCount, areaByteCount: areaByteCount, workerCount: workerCount,
            store: medians[4], overwrite: medians[0], loadInOrder: medians[1], load: medians[2],
            discard: medians[3], metadataByteCountEach: metadata)
    }

    /// Overwrite, load in order, load, discard, store: nanoseconds a page each.
    private func times(
        _ rig: StoreRig, _ places: Places, _ writers: [PageMemory], _ pageCount: Int,
        _ turn: UInt64
    ) throws -> [Double] {
        let touchCount = Self.touchCount
        let share = pageCount / writers.count
        let anywhere = writers.indices.map { worker in
            var generator = SplitMix64(seed: Self.seed + turn * 64 + UInt64(worker))
            return (0..<touchCount).map { _ in
                worker * share + Int.random(in: 0..<share, using: &generator)
            }
        }
        // Whole requests of 2 MiB, somewhere in each worker's share.
        let run = min(touchCount, share) / Self.clusterPageCount * Self.clusterPageCount
        let first = writers.indices.map { worker in
            (worker * share + (share - run) / 2) / Self.clusterPageCount * Self.clusterPageCount
        }
        let targets = try writers.map { _ in try PageMemory(pageCount: 1) }
        @Sendable func load(_ worker: Int, _ index: Int) throws {
            let target = targets[worker]
            var page = target.mutableBytes(0..<Page.byteCount)
            try rig.read(places[index], into: &page, worker: worker)
        }
        let overwrite = try timed(rig, count: touchCount) { worker, step in
            try Self.write(places, anywhere[worker][step], rig, writers[worker], worker)
        }
        let inOrder = try timed(rig, count: run) { worker, step in
            try load(worker, first[worker] + step)
        }
        let somewhere = try timed(rig, count: touchCount) { worker, step in
            try load(worker, anywhere[worker][step])
        }
        let discard = try timed(rig, count: run / Self.clusterPageCount) { worker, step in
            let start = places[first[worker] + step * Self.clusterPageCount]
            try rig.discard(start..<start + Self.clusterPageCount, worker: worker)
        }
        let store = try timed(rig, count: run) { worker, step in
            try Self.write(places, first[worker] + step, rig, writers[worker], worker)
        }
        return [overwrite, inOrder, somewhere, discard / Double(Self.clusterPageCount), store]
    }

    /// Pages all over the area are what was stored there last.
    private func verify(_ rig: StoreRig, _ places: Places, _ pageCount: Int) throws {
        let target = try PageMemory(pageCount: 1)
        let step = max(pageCount / Self.comparedPageCountMax, 1)
        for index in stride(from: 0, to: pageCount, by: step) {
            var page = target.mutableBytes(0..<Page.byteCount)
            try rig.read(places[index], into: &page)
            invariant(
                target.isPage(
                    0, equalTo: index % kinds.pageCount, of: kinds, stamp: UInt64(index)),
                "page \(index) came back wrong")
        }
    }

    /// Nanoseconds of a step, with all workers at it.
    @discardableResult
    private func timed(
        _ rig: StoreRig, count: Int,
        _ step: @escaping @Sendable (_ worker: Int, _ step: Int) throws -> Void
    ) throws -> Double {
        let total = try rig.onAllWorkers { worker in
            for index in 0..<count { try step(worker, index) }
        }
        return Double(total) / Double(max(count, 1))
    }

    /// Each worker stamps pages of its own.
    private func copyOfKinds() throws -> PageMemory {
        let copy = try PageMemory(pageCount: kinds.pageCount)
        for index in 0..<kinds.pageCount { copy.copy(page: index, of: kinds, to: index) }
        return copy
    }

    private static func write(
        _ places: Places, _ index: Int, _ rig: StoreRig, _ pages: PageMemory, _ worker: Int
    ) throws {
        let kind = index % pages.pageCount
        pages.stamp(page: kind, with: UInt64(index))
        try rig.write(pages.page(kind), to: places[index], worker: worker)
    }
}
