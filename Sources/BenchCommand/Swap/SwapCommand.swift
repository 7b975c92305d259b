import ArgumentParser
import Experiment
import LinuxSystem
import NullFilesystem
import ZswapCore

/// `zswapfs-bench swap`: a program with too little memory, on each of the peers.
struct SwapCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "swap", abstract: "Swap a program, on zswapfs and on its peers.",
        discussion: """
            A program fills memory with other programs' pages, reads it in order, then touches \
            pages anywhere, in a memory cgroup that has room for a part of it only. Every byte is \
            checked. The peers take turns; what was set up is taken down after each run, also on \
            Ctrl-C.
            """)

    @OptionGroup var samples: SampleOptions
    @OptionGroup var options: BenchOptions

    @Option(help: "Memory of the program.")
    var size = "160M"

    @Option(help: "Memory that it may have.")
    var limit = "64M"

    @Option(help: "Pages it touches in its last phase.")
    var touches = 40_000

    @Option(parsing: .upToNextOption, help: "What to swap to: zswapfs, null, zram, nbdkit.")
    var on = SwapPeer.allCases

    @Option(help: "How requests come to zswapfs and to the null filesystem: dev or uring.")
    var transport = NullTransport.preferred

    @Option(help: "A mounted zswapfs to use; by default one is mounted for each run.")
    var mount: String?

    @Flag(inversion: .prefixedNo, help: "Tell the filesystems about free slots.")
    var discard = true

    @Flag(
        help: "Keep the loop devices' work where it comes from, as `zswapfs swap on --local` does.")
    var local = false

    @Option(help: "When zswapfs keeps processors awake: auto, low or off; the null one does, too.")
    var latency = LatencySetting.auto

    @Option(
        help: "Pages that the kernel reads at once, as a power of two; not for zram and nbdkit.")
    var readahead: Int?

    @Option(help: "Keep program, servers and the kernel's unbound work on this processor.")
    var pin: Int?

    func validate() throws {
        let size = try ByteSize.wholeMebibytes(size, "--size")
        let limit = try ByteSize.wholeMebibytes(limit, "--limit")
        guard limit <= size / 2 else {
            throw ValidationError("--limit \(self.limit): at most half of --size")
        }
        if let readahead, !(0...5).contains(readahead) {
            throw ValidationError("--readahead \(readahead): not from 0 to 5")
        }
        guard touches >= 0 else { throw ValidationError("--touches \(touches): not negative") }
    }

    func run() throws {
        SignalGate.close()
        let samples = try samples.load()
        let directory = try ScratchDirectory("zswapfs-bench", in: "/var/tmp")
        let file = "\(directory.path)/pages"
        try samples.write(to: file)
        defer { try? SystemText.remove(file) }
        let plan = try plan(samplesPath: file)
        let peers = on.filter { peer in
            guard let obstacle = peer.obstacle else { return true }
            StandardError.write("zswapfs-bench: without \(peer): \(obstacle)")
            return false
        }
        let figures = try measure(peers, plan)
        var conditions = try plan.request.mount?.conditions() ?? [:]
        conditions["pages"] = samples.origin
        conditions["sample"] = samples.sample
        conditions["program"] =
            "\(size) in \(limit), \(touches) touches, \(discard ? "with" : "no") discards"
        conditions["transport"] = plan.request.transport.rawValue
        conditions["measured"] = "\(options.repeat) runs each, in turns; medians"
        conditions["loop workers"] = local ? "local" : "anywhere"
        conditions["latency"] = try latencyText(plan)
        conditions["readahead"] = try readaheadText()
        conditions["pinned"] =
            pin.map { "program, servers and unbound workqueues on processor \($0)" } ?? "nothing"
        try options.write(
            Report("swap", conditions: conditions, results: figures),
            table: Table(figures))
    }

    private func latencyText(_ plan: SwapPlan) throws -> String {
        guard let mount = plan.request.mount else { return latency.rawValue }
        return try mount.latencyText()
    }

    private func readaheadText() throws -> String {
        let usual = try SystemText.attribute(KernelSetting.readaheadPath) ?? "unknown"
        return readahead.map { "\($0) on zswapfs and null, \(usual) elsewhere" } ?? usual
    }

    private func plan(samplesPath: String) throws -> SwapPlan {
        let mounted = try mount.map { try MountUnderTest($0) }
        let byteCount = try ByteSize.wholeMebibytes(size, "--size")
        return SwapPlan(
            pageCount: byteCount / Page.byteCount,
            limitByteCount: try ByteSize.wholeMebibytes(limit, "--limit"),
            touches: TouchPattern(count: touches),
            samplesPath: samplesPath, pin: pin, isLocal: local,
            request: SwapRequest(
                byteCount: 2 * byteCount, transport: mounted?.transport ?? transport,
                discards: discard, mount: mounted,
                latency: try mounted?.latency() ?? latency, readahead: readahead))
    }

    private func measure(_ peers: [SwapPeer], _ plan: SwapPlan) throws -> [SwapFigures] {
        let progress = Progress()
        defer { progress.end() }
        var reports: [SwapPeer: [SwappedProgram.Report]] = [:]
        for turn in 0..<options.repeat {
            for peer in peers {
                progress.show("\(peer): turn \(turn + 1) of \(options.repeat)")
                reports[peer, default: []].append(try SwapRun(peer: peer, plan: plan).run())
            }
        }
        return peers.compactMap { peer in reports[peer].map { SwapFigures(peer.rawValue, $0) } }
    }
}
