public import Advice
import LinuxSystem
public import ZPool
import ZswapCore

/// Measures the share of payload in a pool: when it is new, after pages were written over, and the
/// cost of that for threads that load meanwhile.
///
///     fill: every page, `copyCount` times, each time in another order      -> new
///     write over: a share of the places, at random, with other pages       -> written over
///     wait until compaction has ended                                      -> settled
///     discard half, load and store: compaction off, then on                -> latencies
///
/// Every page is compared with what was written there, before and after the last step.
public struct DensityExperiment {
    /// The seed of the choices: every run of the program makes the same ones.
    private static let seed: UInt64 = 1
    /// Loads of which the quiet latencies are.
    private static let quietLoadCount = 50_000
    /// Longest wait for compaction to end.
    private static let settlingMilliseconds = 30_000

    private let pages: PageMemory
    private let zpools: ZpoolRegistry
    private let compressor: CompressorChoice
    private let copyCount: Int
    private let overwritePercent: Int

    /// An experiment with all of these pages together.
    public init(
        _ samples: [PageSamples], zpools: ZpoolRegistry, compressor: CompressorChoice,
        copyCount: Int,
        overwritePercent: Int
    ) throws {
        let sets = try samples.map { try $0.repeated(pageCount: $0.pageCount) }
        pages = try PageMemory(pageCount: sets.reduce(0) { $0 + $1.pageCount })
        var target = 0
        for set in sets {
            for source in 0..<set.pageCount {
                pages.copy(page: source, of: set, to: target)
                target += 1
            }
        }
        self.zpools = zpools
        self.compressor = compressor
        self.copyCount = copyCount
        self.overwritePercent = overwritePercent
    }

    /// Most bytes that a store of it takes.
    public var byteCount: Int { copyCount * pages.pageCount * Page.byteCount }

    /// Measures one driver. `before` is told each step; an error that it throws ends the
    /// measurement.
    public func measure(
        zpool: String, before: (_ step: String) throws -> Void
    ) throws -> DensityMeasurement {
        var run = try DensityRun(
            pages,
            StoreRig(
                zpool: zpool, of: zpools, compressor: compressor, roomByteCount: byteCount,
                workerCount: 1), seed: Self.seed)
        let rig = run.rig
        try before("filling")
        for _ in 0..<copyCount { try run.fill() }
        let payload = rig.objectByteCount
        let new = rig.density
        let metadataShare = Double(rig.bookkeepingByteCount) / Double(payload)
        try rig.startCaretaker()
        try before("writing over")
        try run.overwrite(count: run.pageCount * overwritePercent / 100)
        let writtenOver = rig.density
        try before("settling")
        rig.settle(milliseconds: Self.settlingMilliseconds)
        let settled = rig.density
        let compacted = rig.compactedFrameCount
        rig.stopCaretaker()
        try before("comparing")
        try run.verify()
        try before("loading while compacting")
        try run.discardHalf()
        let quiet = try run.latencies { $0 < Self.quietLoadCount }
        var busy: (loads: Latencies, stores: Latencies)?
        if rig.isWorthCompacting {
            try rig.startCaretaker()
            busy = try run.latencies { _ in rig.isWorthCompacting }
            rig.stopCaretaker()
        }
        try run.verify()
        return DensityMeasurement(
            zpool: zpool, pageCount: run.pageCount, payloadByteCount: payload, new: new,
            writtenOver: writtenOver, settled: settled, compactedFrameCount: compacted,
            metadataShare: metadataShare, quietLoads: quiet.loads.summary,
            quietStores: quiet.stores.summary, busyLoads: busy?.loads.summary,
            busyStores: busy?.stores.summary)
    }
}
