import ArgumentParser
import Experiment
import LinuxSystem
import ZswapCore

/// `zswapfs-bench io`: requests to an area beside the null filesystem.
struct IOCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "io", abstract: "Read and write an area, beside the null filesystem.",
        discussion: """
            4 KiB anywhere and 1 MiB in order, one and sixteen requests under way, past the page \
            cache, in turns with a filesystem that only copies, by the same transport. The area is \
            the benchmark's own and removed at the end.
            """)

    @Argument(help: "A mounted zswapfs, or an area in it that is not there yet.")
    var path: String

    @OptionGroup var samples: SampleOptions
    @OptionGroup var options: BenchOptions

    @Option(help: "Bytes of the area, in whole MiB.")
    var size = "64M"

    @Option(help: "Seconds of each measurement.")
    var seconds = 1.0

    @Option(help: "Keep the client and both filesystems' threads on this processor.")
    var pin: Int?

    func validate() throws { _ = try pageCount() }

    func run() throws {
        SignalGate.close()
        var undo = UndoList()
        do {
            try run(&undo)
        } catch {
            for complaint in undo.run() { StandardError.write("zswapfs-bench: \(complaint)") }
            throw error
        }
        let complaints = undo.run()
        guard complaints.isEmpty else { throw BenchFailure(complaints.joined(separator: "; ")) }
    }

    private func run(_ undo: inout UndoList) throws {
        let mount = try MountUnderTest(path)
        let samples = try samples.load()
        let pages = try samples.repeated(pageCount: try pageCount())
        let byteCount = pages.pageCount * Page.byteCount
        let null = try ServedMount.null(byteCount: byteCount, transport: mount.transport)
        undo.add("unmount \(null.path)") { try null.end() }
        if let pin {
            let pinning = Pinning(processor: pin)
            undo.add("unpin") { pinning.putBack() }
            for process in [0, null.process.identifier] + mount.daemons {
                try pinning.pin(process: process)
            }
        }
        let area = try ScratchArea(
            at: mount.areaPath ?? "\(mount.path)/zswapfs-bench-io", byteCount: byteCount)
        undo.add("remove \(area.path)") { try area.remove() }
        let nullFile = try OpenFile(null.file(NullCommand.fileName), for: .direct)
        // Before it is unmounted.
        undo.add("close \(nullFile.path)") { nullFile.close() }
        let experiment = try RequestExperiment(
            null: nullFile, zswapfs: OpenFile(area.path, for: .direct), pages: pages,
            seconds: seconds)
        let comparisons = try measure(experiment, latency: mount.latency())
        let wrong = try experiment.wrongPageCount()
        guard wrong == 0 else { throw BenchFailure("\(wrong) pages came back wrong") }
        try options.write(
            Report(
                "io", conditions: try conditions(mount, samples), results: comparisons),
            table: Table(comparisons))
    }

    /// The null filesystem has processors kept awake where zswapfs has.
    private func measure(
        _ experiment: RequestExperiment, latency: LatencySetting
    ) throws -> [RequestComparison] {
        let device = latency == .off ? nil : try? LatencyDevice()
        let progress = Progress()
        defer { progress.end() }
        let processorCount = pin == nil ? Machine.processorCount : 1
        return try RequestWorkload.all.map { workload in
            try experiment.compare(
                workload, repeats: options.repeat, processorCount: processorCount,
                keepingAwake: latency == .low || workload.isFault ? device : nil
            ) { turn in
                progress.show("\(workload.name): turn \(turn + 1) of \(options.repeat)")
                try Interruption.check()
            }
        }
    }

    private func conditions(
        _ mount: MountUnderTest, _ samples: PageSamples
    ) throws -> [String: String] {
        var conditions = try mount.conditions()
        conditions["pages"] = samples.origin
        conditions["sample"] = samples.sample
        conditions["readahead"] = try SystemText.attribute(KernelSetting.readaheadPath)
        conditions["measured"] = "\(options.repeat) × \(seconds) s each, in turns; medians"
        conditions["pinned"] =
            pin.map { "client, zswapfs and null filesystem on processor \($0)" } ?? "nothing"
        return conditions
    }

    private func pageCount() throws -> Int {
        guard let size = ByteSize(parsing: size), size.bytes > 0, size.bytes <= 1 << 34,
            size.bytes.isMultiple(of: 1 << 20)
        else { throw ValidationError("--size \(size): not a whole number of MiB, at most 16G") }
        return Int(size.bytes) / Page.byteCount
    }
}
