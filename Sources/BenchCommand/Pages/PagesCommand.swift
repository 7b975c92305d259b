import Advice
import ArgumentParser
import Experiment
import LinuxSystem
import ZPool
import ZswapCore

/// `zswapfs-bench pages`: drivers and compressors on given pages, in this process.
struct PagesCommand: DriverCommand {
    static let configuration = CommandConfiguration(
        commandName: "pages", abstract: "Store and load pages with every pool and compressor.",
        discussion: """
            In this process, without a filesystem: how much memory the pages take, and what \
            storing and loading one costs beside the bare codec. Without a file or a process it \
            takes pages of a Python interpreter started for it.
            """)

    @OptionGroup var corpus: CorpusOptions

    @Option(help: "A compressor: NAME or NAME:LEVEL. May be repeated; all, when none is named.")
    var compressor: [String] = []

    @Option(help: "Threads to try together, beside one; 2 to 32.")
    var threads = Machine.processorCount

    @OptionGroup var options: BenchOptions

    func validate() throws {
        guard (1...32).contains(threads) else {
            throw ValidationError("--threads \(threads): 1 to 32")
        }
        for text in compressor { _ = try CompressorOption.choice(text) }
    }

    /// Called by ``BenchMain`` in place of `run`, which could not be told the drivers.
    func run(zpools: ZpoolRegistry) throws {
        SignalGate.close()
        let progress = Progress()
        defer { progress.end() }
        var results: [PoolMeasurement] = []
        let compressors =
            compressor.isEmpty
            ? CompressorChoice.all : try compressor.map { try CompressorOption.choice($0) }
        let corpora = try corpus.load()
        for samples in corpora {
            try MemoryCheck.require(
                4 * samples.pageCount * Page.byteCount + PoolExperiment.byteCountOfRatio,
                for: "--sample \(corpus.sampling.sample)")
            let experiment = try PoolExperiment(samples, zpools: zpools)
            for zpool in zpools.types {
                for compressor in compressors {
                    let label = "\(samples.origin): \(zpool), \(compressor)"
                    results.append(
                        try experiment.measure(
                            zpool: zpool, compressor: compressor, repeats: options.repeat,
                            threadCounts: threads > 1 ? [threads] : []
                        ) { turn in
                            progress.show("\(label): turn \(turn + 1) of \(options.repeat)")
                            try Interruption.check()
                        })
                }
            }
        }
        progress.end()
        let conditions = [
            "measured": "\(options.repeat) passes in turns with the bare codec; medians",
            "threads": "\(threads)",
            "sample": corpora.map(\.sample).joined(separator: "; "),
        ]
        try options.write(
            Report("pages", conditions: conditions, results: results), table: Table(results))
    }
}
