import ArgumentParser
import Experiment
import LinuxSystem
import ZPool

/// `zswapfs-bench allocate`: what free and malloc cost in every driver.
struct AllocateCommand: DriverCommand {
    static let configuration = CommandConfiguration(
        commandName: "allocate", abstract: "Free and allocate in every pool, without pages.",
        discussion: """
            In this process: a pool full of objects of the sizes that real pages compress to. A \
            pair frees one at random and allocates one of another size; beside it a plain free \
            list does the same. Two threads use different size classes.
            """)

    private static let liveCounts = 1000...100_000_000

    @Option(help: "Objects in the pool; a million take 4 GiB at most.")
    var live = 1_000_000

    @Option(help: "Pairs in each measurement.")
    var pairs = 1_000_000

    @Flag(
        name: .customLong("lru"),
        help: "Pools keep their frames in order of age, as for params/reclaim = pool.")
    var keepsLRU = false

    @OptionGroup var samples: SampleOptions
    @OptionGroup var options: BenchOptions

    func validate() throws {
        guard Self.liveCounts.contains(live) else {
            throw ValidationError(
                "--live \(live): \(Self.liveCounts.lowerBound) to \(Self.liveCounts.upperBound)")
        }
        guard pairs > 0 else { throw ValidationError("--pairs \(pairs): at least 1") }
    }

    /// Called by ``BenchMain`` in place of `run`, which could not be told the drivers.
    func run(zpools: ZpoolRegistry) throws {
        SignalGate.close()
        try MemoryCheck.require(
            AllocationExperiment.byteCount(liveCount: live), for: "--live \(live)")
        let progress = Progress()
        defer { progress.end() }
        let samples = try samples.load()
        let experiment = try AllocationExperiment(
            samples, zpools: zpools, liveCount: live, pairCount: pairs,
            keepsLRU: keepsLRU)
        var results: [AllocationMeasurement] = []
        for zpool in zpools.types {
            progress.show("\(zpool): filling")
            results.append(
                try experiment.measure(zpool: zpool, repeats: options.repeat) { turn in
                    progress.show("\(zpool): turn \(turn + 1) of \(options.repeat)")
                    try Interruption.check()
                })
        }
        progress.end()
        let conditions = [
            "sizes": "what lz4 makes of \(samples.origin)", "sample": samples.sample,
            "order of age": keepsLRU ? "kept" : "as each pool starts",
            "measured": "\(options.repeat) turns of \(pairs) pairs for each thread; medians",
        ]
        try options.write(
            Report("allocate", conditions: conditions, results: results), table: Table(results))
    }
}
