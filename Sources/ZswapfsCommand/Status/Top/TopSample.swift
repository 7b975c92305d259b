import Latency
import LinuxSystem
import ZswapCore

/// The control files of a mount that `zswapfs top` shows, as they were at one moment.
struct TopSample {
    /// One area: its name and the lines of its file.
    struct AreaLine: Equatable {
        let name: String
        let values: [String: Int]
    }

    let mountPoint: String
    let zpool: String
    /// With its level.
    let compressor: String
    let transport: String
    let supervision: String
    /// The numbers of `stats`, by the file's name. A daemon of another version may lack some.
    let counters: [String: Int]
    let reads: LatencyHistogram
    let writes: LatencyHistogram
    let areas: [AreaLine]
    /// The time of the monotonic clock.
    let nanoseconds: Int64

    /// The files of one number that are shown.
    static let counterNames = [
        "stored_pages", "same_filled_pages", "stored_incompressible_pages", "backing_pages",
        "pool_total_size", "pool_limit_size", "discarded_pages", "written_back_pages",
        "backing_loads", "pages_migrated", "pages_compacted", "reject_reclaim_fail",
        "reject_alloc_fail", "reject_kmemcache_fail", "failed_reads", "restarts",
    ]

    init(asking query: some MountAnswers, at nanoseconds: Int64) throws(QueryFailure) {
        mountPoint = query.mountPoint
        zpool = try Self.word(query, "params/zpool")
        let level = try Self.word(query, "params/compressor_level")
        let name = try Self.word(query, "params/compressor")
        compressor = level == "none" || level.isEmpty ? name : "\(name):\(level)"
        transport = try Self.word(query, "stats/transport")
        supervision = try Self.word(query, "stats/supervision")
        var counters: [String: Int] = [:]
        for name in Self.counterNames {
            counters[name] = Int(try Self.word(query, "stats/" + name))
        }
        self.counters = counters
        (reads, writes) = try Self.histograms(query)
        areas = try Self.areas(query)
        self.nanoseconds = nanoseconds
    }

    /// A sample of given values, for screens that are compared.
    init(
        mountPoint: String, zpool: String = "zsmalloc", compressor: String = "lz4:1",
        transport: String = "/dev/fuse", supervision: String = "supervised",
        counters: [String: Int], reads: LatencyHistogram = LatencyHistogram(),
        writes: LatencyHistogram = LatencyHistogram(), areas: [AreaLine], nanoseconds: Int64
    ) {
        self.mountPoint = mountPoint
        self.zpool = zpool
        self.compressor = compressor
        self.transport = transport
        self.supervision = supervision
        self.counters = counters
        self.reads = reads
        self.writes = writes
        self.areas = areas
        self.nanoseconds = nanoseconds
    }

    /// Original bytes of the pages in memory by the bytes of the pools; nil: these are empty.
    var ratio: Double? {
        guard let stored = counters["stored_pages"], let backed = counters["backing_pages"],
            let pool = counters["pool_total_size"], pool > 0
        else { return nil }
        return max(Double(stored) - Double(backed), 0) * Double(Page.byteCount) / Double(pool)
    }

    /// The text of a file; empty where the daemon has none.
    private static func word(
        _ query: some MountAnswers, _ path: String
    ) throws(QueryFailure) -> String {
        do {
            return try query.text(path)
        } catch {
            guard error.isNotFound else { throw error }
            return ""
        }
    }

    private static func histograms(
        _ query: some MountAnswers
    ) throws(QueryFailure) -> (LatencyHistogram, LatencyHistogram) {
        var (reads, writes) = (LatencyHistogram(), LatencyHistogram())
        for line in try word(query, "stats/request_latency_buckets").split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 3, let border = Int64(words[1]), let count = UInt64(words[2])
            else { continue }
            let index = LatencyBuckets.index(of: border)
            switch words[0] {
            case "read": reads.add(count, toBucket: index)
            case "write": writes.add(count, toBucket: index)
            default: break
            }
        }
        return (reads, writes)
    }

    private static func areas(_ query: some MountAnswers) throws(QueryFailure) -> [AreaLine] {
        var areas: [AreaLine] = []
        for name in try query.names("stats/areas") {
            do {
                let values = try query.values("stats/areas/" + name)
                areas.append(
                    AreaLine(
                        name: name,
                        values: Dictionary(values.map { ($0.name, $0.value) }) { $1 }))
            } catch {
                // Removed since it was listed.
                guard error.isNotFound else { throw error }
            }
        }
        return areas
    }
}
