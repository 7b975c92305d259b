import ArgumentParser
import Experiment
import LinuxSystem
import ZPool
import ZswapCore

/// `zswapfs-bench scale`: what a page costs among ever more pages, in this process.
struct ScaleCommand: DriverCommand {
    static let configuration = CommandConfiguration(
        commandName: "scale", abstract: "What a page costs with many pages and large areas.",
        discussion: """
            In this process, with lz4: 10,000 pages and up in an area of 64 GiB, then \
            areas of 1 GiB to 1 TiB, with one worker and with two. Every cost should stay what it \
            is with few pages.
            """)

    /// The area of the runs that differ in pages.
    private static let areaByteCount: UInt64 = 64 << 30
    /// The areas of the runs that differ in size, and their pages.
    private static let areaByteCounts: [UInt64] = [1 << 30, 32 << 30, 1 << 40]
    private static let areaPageCount = 100_000
    private static let pageCountMin = 10_000

    @Option(help: "Most pages to store; ten million take 9 GiB in zsmalloc.")
    var pagesMax = 10_000_000

    @Option(help: "The driver of the pool.")
    var zpool = "zsmalloc"

    @OptionGroup var samples: SampleOptions
    @OptionGroup var options: BenchOptions

    func validate() throws {
        let most = Int(Self.areaByteCount) / Page.byteCount
        guard (Self.pageCountMin...most).contains(pagesMax) else {
            throw ValidationError("--pages-max \(pagesMax): \(Self.pageCountMin) to \(most)")
        }
    }

    /// Called by ``BenchMain`` in place of `run`, which could not be told the drivers.
    func run(zpools: ZpoolRegistry) throws {
        guard zpools.has(type: zpool) else {
            throw ValidationError(
                "--zpool \(zpool): not one of \(zpools.types.joined(separator: ", "))")
        }
        SignalGate.close()
        try MemoryCheck.require(
            pagesMax * ScaleExperiment.byteCountEach(zpool: zpool),
            for: "--pages-max \(pagesMax)")
        let progress = Progress()
        defer { progress.end() }
        let samples = try samples.load()
        let experiment = try ScaleExperiment(samples, zpool: zpool, of: zpools)
        var results: [ScaleMeasurement] = []
        for (pageCount, areaByteCount, workerCount) in plan {
            let area = ByteSize(bytes: areaByteCount)
            let label = "\(pageCount) pages, \(area), \(workerCount) workers"
            progress.show("\(label): filling")
            results.append(
                try experiment.measure(
                    pageCount: pageCount, areaByteCount: areaByteCount, workerCount: workerCount,
                    repeats: options.repeat
                ) { turn in
                    progress.show("\(label): turn \(turn + 1) of \(options.repeat)")
                    try Interruption.check()
                })
        }
        progress.end()
        let conditions = [
            "pages": samples.origin, "sample": samples.sample, "zpool": zpool,
            "measured": "\(options.repeat) passes; medians, ns a page of each worker",
        ]
        try options.write(
            Report("scale", conditions: conditions, results: results), table: Table(results))
    }

    private var plan: [(Int, UInt64, Int)] {
        var plan: [(Int, UInt64, Int)] = []
        for workerCount in [1, 2] {
            var pageCount = Self.pageCountMin
            while pageCount <= pagesMax {
                plan.append((pageCount, Self.areaByteCount, workerCount))
                pageCount *= 10
            }
            let pages = min(Self.areaPageCount, pagesMax)
            for byteCount in Self.areaByteCounts { plan.append((pages, byteCount, workerCount)) }
        }
        return plan
    }
}
