import ArgumentParser
import Experiment
import LinuxSystem
import NullFilesystem
import ZPool
import ZswapCore

/// `zswapfs-bench eviction`: which pages a store that is too full should write back first.
struct EvictionCommand: DriverCommand {
    static let configuration = CommandConfiguration(
        commandName: "eviction",
        abstract: "In which order to write pages back: by the pool, or page by page.",
        discussion: """
            Records a swap run on the null filesystem: a program with hot and cold pages, in a \
            memory cgroup that has room for a part of it only. Then replays what was stored, \
            loaded and discarded into every pool, held to a part of what the run needs, and counts \
            the loads that meet an evicted page. The record is what needs root; --replay does not.
            """)

    @OptionGroup var samples: SampleOptions
    @OptionGroup var touches: TouchOptions

    @Option(help: "Memory of the program.")
    var size = "160M"

    @Option(help: "Memory that it may have.")
    var memory = "64M"

    @Flag(inversion: .prefixedNo, help: "The program reads all of its memory in order first.")
    var scan = true

    @Option(
        parsing: .upToNextOption,
        help: "Limits of the pools, in percent of what the run needs at its peak.")
    var limit = [50]

    @Option(help: "Keep the record in this new file.")
    var record: String?

    @Option(help: "Replay this record in place of a new run.")
    var replay: String?

    @Flag(help: "Write one JSON object in place of tables.")
    var json = false

    func validate() throws {
        guard record == nil || replay == nil else {
            throw ValidationError("--record \(record ?? ""): not together with --replay")
        }
        guard !limit.isEmpty, limit.allSatisfy((1...100).contains) else {
            let given = limit.map(String.init).joined(separator: " ")
            throw ValidationError("--limit \(given): 1 to 100")
        }
        let size = try ByteSize.wholeMebibytes(size, "--size")
        guard try ByteSize.wholeMebibytes(memory, "--memory") <= size / 2 else {
            throw ValidationError("--memory \(memory): at most half of --size")
        }
    }

    /// Called by ``BenchMain`` in place of `run`, which could not be told the drivers.
    func run(zpools: ZpoolRegistry) throws {
        SignalGate.close()
        let progress = Progress()
        defer { progress.end() }
        var conditions: [String: String] = [:]
        let record: SwapRecord
        if let replay {
            record = try SwapRecord(file: replay)
            conditions["record"] = replay
        } else {
            progress.show("recording")
            record = try makeRecord(&conditions)
        }
        let experiment = EvictionExperiment(record, zpools: zpools)
        guard experiment.pageCount > 0 else {
            throw BenchFailure("the record has no page that was stored")
        }
        if record.lostEventCount > 0 {
            StandardError.write(
                "zswapfs-bench: the record is not whole: \(record.lostEventCount) events more")
        }
        var results: [EvictionMeasurement] = []
        for zpool in zpools.types {
            results += try experiment.measure(zpool: zpool, limitPercents: limit) { step in
                progress.show("\(zpool): \(step)")
                try Interruption.check()
            }
        }
        progress.end()
        conditions["events"] = "\(record.events.count), \(record.lostEventCount) lost"
        conditions["pages stored"] = "\(experiment.pageCount)"
        let report = Report("eviction", conditions: conditions, results: results)
        print(json ? try report.json() : report.text(Table(results).text))
    }

    private func makeRecord(_ conditions: inout [String: String]) throws -> SwapRecord {
        let samples = try samples.load()
        let directory = try ScratchDirectory("zswapfs-bench", in: "/var/tmp")
        let pagesPath = "\(directory.path)/pages"
        let recordPath = record ?? "\(directory.path)/record"
        defer {
            try? SystemText.remove(pagesPath)
            if record == nil { try? SystemText.remove(recordPath) }
        }
        if (try? OpenFile(recordPath, for: .locating)) != nil {
            throw BenchFailure("\(recordPath): the file exists already")
        }
        try samples.write(to: pagesPath)
        let byteCount = try ByteSize.wholeMebibytes(size, "--size")
        let pattern = touches.pattern
        let plan = SwapPlan(
            pageCount: byteCount / Page.byteCount,
            limitByteCount: try ByteSize.wholeMebibytes(memory, "--memory"), touches: pattern,
            scans: scan, comparesAll: false, samplesPath: pagesPath, isLocal: false,
            request: SwapRequest(
                byteCount: 2 * byteCount, transport: .dev, discards: true, recordPath: recordPath))
        _ = try SwapRun(peer: .null, plan: plan).run()
        conditions["pages"] = samples.origin
        conditions["sample"] = samples.sample
        conditions["program"] =
            "\(size) in \(memory), \(scan ? "one scan" : "no scan"), \(pattern.count) touches, "
            + "\(pattern.writePercent) % of them writes"
        conditions["hot pages"] =
            "\(pattern.hotPagePercent) % of the pages get \(pattern.hotTouchPercent) % of the "
            + "touches, moved \(pattern.moveCount) times"
        return try SwapRecord(file: recordPath)
    }
}
