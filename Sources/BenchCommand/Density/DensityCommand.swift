import ArgumentParser
import Experiment
import LinuxSystem
import ZPool

/// `zswapfs-bench density`: how much of a pool is payload, new and after a while.
struct DensityCommand: DriverCommand {
    static let configuration = CommandConfiguration(
        commandName: "density", abstract: "How much of every pool is payload, new and used.",
        discussion: """
            In this process: all pages are stored several times in different orders; then a part \
            of them, chosen at random, is written over with others, while the store compacts by \
            itself. At the end half of them are discarded, and pages are loaded and stored while \
            the pool is compacted.
            """)

    private static let copyCounts = 1...64

    @Option(help: "How often each page is stored.")
    var copies = 4

    @Option(help: "Pages that are written over, in percent.")
    var overwrite = 25

    @Option(help: "The compressor: NAME of params/available_compressors, or NAME:LEVEL.")
    var compressor = "lz4"

    @OptionGroup var corpus: CorpusOptions

    @Flag(help: "Write one JSON object in place of tables.")
    var json = false

    func validate() throws {
        guard Self.copyCounts.contains(copies) else {
            throw ValidationError(
                "--copies \(copies): \(Self.copyCounts.lowerBound) to "
                    + "\(Self.copyCounts.upperBound)")
        }
        guard (1...1000).contains(overwrite) else {
            throw ValidationError("--overwrite \(overwrite): 1 to 1000")
        }
        _ = try CompressorOption.choice(compressor)
    }

    /// Called by ``BenchMain`` in place of `run`, which could not be told the drivers.
    func run(zpools: ZpoolRegistry) throws {
        SignalGate.close()
        let progress = Progress()
        defer { progress.end() }
        let samples = try corpus.load()
        let experiment = try DensityExperiment(
            samples, zpools: zpools, compressor: try CompressorOption.choice(compressor),
            copyCount: copies,
            overwritePercent: overwrite)
        try MemoryCheck.require(experiment.byteCount, for: "--copies \(copies)")
        var results: [DensityMeasurement] = []
        for zpool in zpools.types {
            results.append(
                try experiment.measure(zpool: zpool) { step in
                    progress.show("\(zpool): \(step)")
                    try Interruption.check()
                })
        }
        progress.end()
        let conditions = [
            "pages": samples.map(\.origin).joined(separator: ", "),
            "sample": samples.map(\.sample).joined(separator: "; "),
            "measured": "each page \(copies) times, \(overwrite) % written over, \(compressor)",
        ]
        let report = Report("density", conditions: conditions, results: results)
        print(json ? try report.json() : report.text(Table(results).text))
    }
}
