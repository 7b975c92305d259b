import ArgumentParser
import Experiment
import LinuxSystem
import ZPool
import ZswapCore

/// `zswapfs-bench migrate`: what moving all stored pages costs threads that load.
struct MigrateCommand: DriverCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "What loads cost while stored pages move to another pool or compressor.",
        discussion: """
            In this process: the pages are stored, then they are moved in the background while \
            one thread loads anywhere, in turns with loads that are left alone; then they are \
            moved back at full speed. Every page is compared after each.
            """)

    @Option(help: "Of the pages together.")
    var size = "1G"

    @Option(help: "The compressor that the pages are stored with.")
    var from = "lz4"

    @Option(help: "The driver of the pool that they are stored in.")
    var fromZpool = "zsmalloc"

    @Option(help: "Its chain length, for zsmalloc.")
    var fromChain = Limits.chainLengthDefault

    @Option(help: "The compressor that they are to have. (default: the same)")
    var toCompressor: String?

    @Option(help: "The driver that they are to go to. (default: the same)")
    var toZpool: String?

    @Option(help: "Its chain length, for zsmalloc. (default: the same)")
    var toChain: Int?

    @OptionGroup var samples: SampleOptions
    @OptionGroup var options: BenchOptions

    private var origin: MigrationExperiment.Place {
        MigrationExperiment.Place(zpool: fromZpool, chain: fromChain, compressor: from)
    }

    private var target: MigrationExperiment.Place {
        MigrationExperiment.Place(
            zpool: toZpool ?? fromZpool, chain: toChain ?? fromChain,
            compressor: toCompressor ?? from)
    }

    func validate() throws {
        _ = try ByteSize.wholeMebibytes(size, "--size")
        let compressors = [("--from", origin.compressor), ("--to-compressor", target.compressor)]
        for (option, name) in compressors
        where !MigrationExperiment.compressors.contains(name) {
            throw ValidationError(
                "\(option) \(name): one of "
                    + MigrationExperiment.compressors.joined(separator: ", "))
        }
        for (option, chain) in [("--from-chain", origin.chain), ("--to-chain", target.chain)]
        where !Limits.chainLengths.contains(chain) {
            throw ValidationError(
                "\(option) \(chain): \(Limits.chainLengths.lowerBound) to "
                    + "\(Limits.chainLengths.upperBound)")
        }
        guard origin != target else {
            throw ValidationError(
                "nothing would move: name another --to-compressor, --to-zpool or --to-chain")
        }
    }

    /// Called by ``BenchMain`` in place of `run`, which could not be told the drivers.
    func run(zpools: ZpoolRegistry) throws {
        for (option, name) in [("--from-zpool", origin.zpool), ("--to-zpool", target.zpool)]
        where !zpools.has(type: name) {
            throw ValidationError(
                "\(option) \(name): not one of \(zpools.types.joined(separator: ", "))")
        }
        SignalGate.close()
        let byteCount = try ByteSize.wholeMebibytes(size, "--size")
        try MemoryCheck.require(2 * byteCount, for: "--size \(size)")
        let progress = Progress()
        defer { progress.end() }
        let samples = try samples.load()
        let experiment = try MigrationExperiment(samples, zpools: zpools)
        var results: [MigrationMeasurement] = []
        for turn in 0..<options.repeat {
            results.append(
                try experiment.measure(
                    pageCount: byteCount / Page.byteCount, from: origin, to: target
                ) { step in
                    progress.show("turn \(turn + 1) of \(options.repeat): \(step)")
                    try Interruption.check()
                })
        }
        progress.end()
        let conditions = [
            "pages": samples.origin, "sample": samples.sample, "from": Self.text(origin),
            "to": Self.text(target),
        ]
        try options.write(
            Report("migrate", conditions: conditions, results: results), table: Table(results))
    }

    private static func text(_ place: MigrationExperiment.Place) -> String {
        "\(place.zpool), chain \(place.chain), \(place.compressor)"
    }
}
