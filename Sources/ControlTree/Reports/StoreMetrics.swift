import Latency
import Maintenance
import SwapStore
import ZswapCore

/// The store in the Prometheus text format: HELP, TYPE and samples, a metric at a time.
///
/// Laws: names are of `[a-z_]`, begin with `zswapfs_`, and those that only rise end with `_total`;
/// label values are escaped, since an area or a mount may be called anything; every sample says of
/// which mount it is, since one scrape may join the files of several; the samples of a metric stand
/// together.
struct StoreMetrics {
    private let store: SwapStore
    private let facts: ControlFacts
    private let latency: LatencyReport
    private let requests: RequestLatencies
    private let held: TierTally

    init(
        _ store: SwapStore, _ facts: ControlFacts, _ latency: LatencyReport,
        _ requests: RequestLatencies, _ held: TierTally
    ) {
        self.store = store
        self.facts = facts
        self.latency = latency
        self.requests = requests
        self.held = held
    }

    /// Whether the heap has room for the text: 5 KiB for each area while it is put together,
    /// measured.
    static func hasHeap(_ store: SwapStore) -> Bool { store.hasHeap(byteCountPerArea: 6 << 10) }

    private struct Sample {
        /// Behind the name of the metric.
        var suffix = ""
        var labels: [(name: String, value: String)] = []
        let number: String

        init(labels: [(name: String, value: String)] = [], value: Int) {
            self.labels = labels
            number = String(value)
        }

        init(_ suffix: String, _ labels: [(name: String, value: String)], _ number: String) {
            self.suffix = suffix
            self.labels = labels
            self.number = number
        }
    }

    var text: String {
        information + supervision + counters + memory + tiers + awake + times + areas + pools
    }

    /// The values that never change while the mount lasts, as labels of a constant.
    private var information: String {
        metric(
            "info", .gauge, "Version of the daemon and how requests come in. Always 1.",
            [
                Sample(
                    labels: [("version", facts.version), ("transport", facts.transport)], value: 1)
            ])
    }

    private var supervision: String {
        metric(
            "supervised", .gauge, "Whether the mount survives a daemon that is killed.",
            [Sample(value: facts.supervision == "supervised" ? 1 : 0)])
            + metric(
                "restarts_total", .counter, "How often another daemon has taken over.",
                [Sample(value: facts.restartCount)])
    }

    private var counters: String {
        let statistics = store.statistics
        return StatisticsCounter.all.map { counter in
            metric(
                counter.metric, counter.kind, counter.summary,
                [Sample(value: counter.value(statistics))])
        }.joined()
    }

    private var memory: String {
        metric(
            "memory_bytes", .gauge, "All memory, by what it is for.",
            store.statistics.memory.parts.map {
                Sample(labels: [("part", $0.name)], value: $0.value)
            })
    }

    private var tiers: String {
        let counts = store.tierCounts
        func samples(hot: Int, cold: Int) -> [Sample] {
            [("hot", hot), ("cold", cold)].map { Sample(labels: [("tier", $0)], value: $1) }
        }
        return metric(
            "tier_pages", .gauge, "Pages in memory by their form, same-filled ones aside.",
            samples(hot: held.hotPageCount, cold: held.coldPageCount))
            + metric(
                "tier_bytes", .gauge, "Bytes of these pages' objects.",
                samples(hot: held.hotByteCount, cold: held.coldByteCount))
            + metric(
                "recompressed_pages_total", .counter, "Pages that became cold and smaller.",
                [Sample(value: counts.recompressedPageCount)])
            + metric(
                "recompressing_microseconds_total", .counter, "How long recompressing took.",
                [Sample(value: counts.nanoseconds / 1000)])
            + metric(
                "cold_loads_total", .counter, "Loads of pages in the cold form.",
                [Sample(value: counts.coldLoadCount)])
    }

    private var awake: String {
        metric(
            "latency_available", .gauge,
            "Whether the kernel can be asked to keep processors awake.",
            [Sample(value: latency.state == .unavailable ? 0 : 1)])
            + metric(
                "latency_held", .gauge, "Whether processors are kept awake.",
                [Sample(value: latency.state == .held ? 1 : 0)])
            + metric(
                "latency_held_milliseconds_total", .counter, "How long processors were kept awake.",
                [Sample(value: Int(latency.heldNanoseconds / 1_000_000))])
            + metric(
                "latency_changes_total", .counter,
                "How often keeping processors awake began or ended.",
                [Sample(value: latency.changeCount)])
    }

    private var times: String {
        metric(
            "request_seconds", .histogram,
            "How long requests for pages took, from when they were taken from the kernel.",
            RequestLatencies.Kind.allCases.flatMap { kind in
                let histogram = LatencySamples(requests.histogram(of: kind))
                let operation = [("operation", kind.rawValue)]
                return histogram.buckets.map { border, count in
                    Sample("_bucket", operation + [("le", border)], count)
                } + [
                    Sample("_sum", operation, histogram.sum),
                    Sample("_count", operation, histogram.count),
                ]
            })
    }

    private var areas: String {
        let reports = store.areaReports
        let stale = metric(
            "stale_pages", .gauge, ControlTree.staleSummary,
            [Sample(value: facts.stalePageCount(of: reports))])
        return stale
            + AreaCounter.all.map { counter in
                metric(
                    counter.metric, counter.kind, counter.summary,
                    reports.map {
                        Sample(labels: [("area", $0.name.text)], value: counter.value($0, facts))
                    })
            }.joined()
    }

    private var pools: String {
        let pools = store.holders.map { pool in
            let labels = [
                ("pool", String(pool.generation)), ("type", pool.type),
                ("current", pool.isCurrent ? "1" : "0"),
            ]
            return (labels: labels, bytes: pool.bytes)
        }
        return metric(
            "zpool_bytes", .gauge, "Frames of a pool.",
            pools.map { Sample(labels: $0.labels, value: $0.bytes.total) })
            + metric(
                "zpool_objects", .gauge, "Objects in a pool.",
                pools.map { Sample(labels: $0.labels, value: $0.bytes.objectCount) })
            + metric(
                "zpool_part_bytes", .gauge, "What the frames of a pool are used for.",
                pools.flatMap { pool in
                    pool.bytes.parts.map { part in
                        Sample(labels: pool.labels + [("part", part.name)], value: part.value)
                    }
                })
    }

    private func metric(
        _ name: String, _ kind: StatisticsCounter.Kind, _ summary: String, _ samples: [Sample]
    ) -> String {
        let name = "zswapfs_" + name
        let head = "# HELP \(name) \(Self.escapedHelp(summary))\n# TYPE \(name) \(kind.rawValue)\n"
        return samples.reduce(head) { text, sample in
            let labels = [(name: "mount", value: facts.mountPoint.text)] + sample.labels
            let list = labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }
            return text + name + sample.suffix
                + "{\(list.joined(separator: ","))} \(sample.number)\n"
        }
    }

    private static func escapedHelp(_ text: String) -> String {
        replaced(text) { $0 == "\\" ? "\\\\" : $0 == "\n" ? "\\n" : nil }
    }

    private static func escaped(_ text: String) -> String {
        replaced(text) { $0 == "\\" ? "\\\\" : $0 == "\n" ? "\\n" : $0 == "\"" ? "\\\"" : nil }
    }

    /// By scalars: a character of several ("\r\n") would hide one that must be escaped.
    private static func replaced(
        _ text: String, _ replacement: (Unicode.Scalar) -> String?
    ) -> String {
        text.unicodeScalars.map { replacement($0) ?? String($0) }.joined()
    }
}
