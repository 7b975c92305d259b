import Advice
import ArgumentParser
import LinuxSystem
import ZPool
import ZswapCore

/// `zswapfs advise`: what compressed swap would save here, and with which settings.
struct AdviseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "advise",
        abstract: "Tell what compressed swap would save here, and with which settings.",
        usage: """
            zswapfs advise [--pid <pid> ...] [--cgroup <cgroup>] [--file <file>]
                           [--pages <pages>] [--seed <seed>] [--load-us <load-us>]
                           [--store-us <store-us>] [--json]
            """,
        discussion: """
            Draws pages at random from the memory of programs, all that this user may read unless \
            some are named, stores and loads them with every pool, compressor and level in this \
            process, and shows what of their memory would become free if all of it was swapped \
            out. Changes nothing; no page leaves the process.
            """)

    @OptionGroup var source: AdviseSource

    @Option(help: "Pages to draw, 256 to 262144.")
    var pages = 20_000

    @Option(help: "Where the random draw begins: the same one draws the same pages of a file.")
    var seed: UInt64?

    @Option(help: "Most microseconds that a page may take on its way in, 1 to 100000.")
    var loadUs = 16

    @Option(help: "Most microseconds that a page may take on its way out, 1 to 100000.")
    var storeUs = 50

    @Flag(help: "Write one JSON object, for programs.")
    var json = false

    private static let pageCounts = 256...262_144
    private static let microseconds = 1...100_000

    func validate() throws {
        try Self.require(pages, in: Self.pageCounts, for: "--pages")
        try Self.require(loadUs, in: Self.microseconds, for: "--load-us")
        try Self.require(storeUs, in: Self.microseconds, for: "--store-us")
    }

    private static func require(
        _ value: Int, in range: ClosedRange<Int>, for option: String
    ) throws {
        guard range.contains(value) else {
            throw ValidationError(
                "\(option) \(value): not in \(range.lowerBound) to \(range.upperBound)")
        }
    }

    func run() throws { try run(zpools: .standard()) }

    /// Called by ``ZswapfsMain`` in place of `run`, with the drivers that its program knows.
    func run(zpools: ZpoolRegistry) throws {
        SignalGate.close()
        ProcessLimits.forbidCoreFiles()
        let progress = Progress()
        defer { progress.end() }
        try reportingFailures {
            do {
                let report = try report(zpools, progress)
                progress.end()
                print(json ? AdviseJSON.text(of: report) : AdviseText(report).text)
            } catch {
                progress.end()
                throw error
            }
        }
    }

    private func report(_ zpools: ZpoolRegistry, _ progress: Progress) throws -> AdviseReport {
        let population = try source.population { done, count in
            progress.show("looking at process \(done + 1) of \(count)")
            try Interruption.check()
        }
        let seed = seed ?? UInt64(UInt32.random(in: 0...UInt32.max))
        try checkMemory(population)
        let sample = try PageSample(of: population.sources, wanted: pages, seed: seed) { count in
            progress.show("drawing pages: \(count) of \(pages)")
            try Interruption.check()
        }
        guard sample.pageCount > 0 else {
            throw CommandFailure(.failure, "none of the pages is there any more; try again")
        }
        let forecasts = try forecasts(of: sample, zpools, seed, progress)
        let bounds = Recommendation.Bounds(
            loadNanosecondsMax: loadUs * 1000, storeNanosecondsMax: storeUs * 1000)
        return AdviseReport(
            origin: source.words, sample: sample, population: population, seed: seed,
            bounds: bounds, forecasts: forecasts, memoryByteCount: Int(Machine.memoryByteCount))
    }

    private func forecasts(
        of sample: PageSample, _ zpools: ZpoolRegistry, _ seed: UInt64, _ progress: Progress
    ) throws -> [Forecast] {
        var forecasts: [Forecast] = []
        for zpool in zpools.types {
            for compressor in TrialPlan.choices {
                progress.show("trying \(zpool) with \(compressor)")
                let known = forecasts.first { $0.outcome.zpool == zpool }
                forecasts.append(
                    try Forecast(
                        of: sample, zpool: zpool, of: zpools, compressor: compressor,
                        daemon: AdviseDaemon.ofThisMachine, reserve: known?.cost.reserve,
                        seed: seed, check: { try Interruption.check() }))
            }
        }
        return forecasts
    }

    /// Refuses what would push other programs out of memory.
    private func checkMemory(_ population: Population) throws {
        let count = min(pages, population.sources.reduce(0) { $0 + $1.pageCount })
        let needed = count * Page.byteCount + Forecast.trialByteCount(samplePageCount: count)
        let room = MemoryAllowance().room.map { UInt64(max($0.byteCount, 0)) } ?? UInt64.max
        let available = min(try Machine.availableByteCount(), room)
        guard UInt64(needed) <= available / 4 * 3 else {
            throw CommandFailure(
                .unavailable,
                "--pages \(pages): the trials take up to \(ByteSize(bytes: UInt64(needed))), and "
                    + "only \(ByteSize(bytes: available)) of memory are available")
        }
    }
}
