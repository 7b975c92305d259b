import LinuxSystem
import SystemPackage
import ZswapCore

/// The state of one mount, read from its control files: the report of `status`.
struct MountStatus {
    /// The mount point.
    let mountPoint: String
    let version: String
    let transport: String
    /// The reason for this transport.
    let transportReason: String
    let protections: [String]
    let supervision: String
    let supervisionReason: String
    /// The cause and the length of the last time without a daemon; `none`: there was none.
    let lastRestart: String
    let zpool: String
    let compressor: String
    /// Every number of `stats`, by the file's name.
    let counters: [(name: String, value: Int)]
    let areas: [AreaLine]
    let pools: [PoolLine]
    /// The backing store in force first, then those that still have pages.
    let backings: [BackingLine]
    /// The text of `stats/summary`.
    let summary: String

    struct AreaLine {
        let name: String
        /// The lines of the area's file in `stats/areas`.
        let values: [(name: String, value: Int)]
        /// The loop device on it, and whether that is swapped to.
        var device: String?
        var isSwap = false
        /// The area has no name any more, and exists only as long as its loop device.
        var isRemoved = false
    }

    struct PoolLine {
        let generation: Int
        let type: String
        let byteCount: Int
        let isCurrent: Bool
    }

    struct BackingLine {
        let path: String
        var state = ""
        /// Whether pages leave for it now, or would.
        let isCurrent: Bool
        /// The numbers of `stats/backing`.
        var values: [(name: String, value: Int)] = []
    }

    init(asking query: some MountAnswers) throws(QueryFailure) {
        mountPoint = query.mountPoint
        version = try query.text("stats/version")
        transport = try query.text("stats/transport")
        transportReason = try query.text("stats/transport_reason")
        protections = try query.text("stats/protections")
            .split(separator: "\n").map(String.init)
        supervision = try query.text("stats/supervision")
        supervisionReason = try query.text("stats/supervision_reason")
        lastRestart = try query.text("stats/last_restart")
        zpool = try query.text("params/zpool")
        compressor = try query.text("params/compressor")
        summary = try query.text("stats/summary")
        counters = try Self.counters(of: query)
        areas = try Self.areas(of: query)
        pools = try Self.pools(of: query)
        backings = try Self.backings(of: query)
    }

    /// Original bytes of the pages in memory by pool bytes, fragmentation included; nil while the
    /// pools are empty.
    var ratio: Double? {
        guard let stored = counter("stored_pages"), let backed = counter("backing_pages"),
            let pool = counter("pool_total_size"), pool > 0
        else { return nil }
        // As fractions: these are numbers of another process.
        return (Double(stored) - Double(backed)) * Double(Page.byteCount) / Double(pool)
    }

    private func counter(_ name: String) -> Int? { counters.first { $0.name == name }?.value }

    private static func counters(
        of query: some MountAnswers
    ) throws(QueryFailure) -> [(name: String, value: Int)] {
        var counters: [(name: String, value: Int)] = []
        for name in try query.names("stats").sorted() {
            guard name != "areas", name != "pools" else { continue }
            if let value = Int(try query.text("stats/" + name)) {
                counters.append((name, value))
            }
        }
        return counters
    }

    /// The values of an area's file; nil when the area was removed since it was listed.
    private static func areaValues(
        _ query: some MountAnswers, _ name: String
    ) throws(QueryFailure) -> [(name: String, value: Int)]? {
        do {
            return try query.values("stats/areas/" + name)
        } catch {
            guard error.isNotFound else { throw error }
            return nil
        }
    }

    /// The daemon knows by numbers what stands on its areas: paths here may mean something else.
    private static func areas(of query: some MountAnswers) throws(QueryFailure) -> [AreaLine] {
        var areas: [AreaLine] = []
        for name in try query.names("stats/areas").sorted() {
            guard let values = try areaValues(query, name) else { continue }
            areas.append(AreaLine(name: name, values: values))
        }
        for line in ByteText.split(try query.text("stats/devices"), at: "\n") {
            let words = ByteText.split(line, at: " ")
            guard words.count == 7 else { continue }
            let name = KernelEscapes.decode(words[6])
            let isRemoved = words[4] == "removed"
            let index = areas.firstIndex {
                !isRemoved && !$0.isRemoved && ByteText($0.name) == ByteText(name)
            }
            if index == nil, !isRemoved { continue }
            if index == nil {
                let stored = Int(words[5]) ?? 0
                areas.append(
                    AreaLine(name: name, values: [("stored_pages", stored)], isRemoved: true))
            }
            let place = index ?? areas.count - 1
            // Of several devices the one that is swapped to.
            if areas[place].isSwap { continue }
            areas[place].device = String(words[0])
            areas[place].isSwap = words[2] == "swap"
        }
        return areas
    }

    private static func pools(of query: some MountAnswers) throws(QueryFailure) -> [PoolLine] {
        var pools: [PoolLine] = []
        let names = try query.names("stats/pools")
        for generation in names.compactMap({ Int($0) }).sorted() {
            let directory = "stats/pools/\(generation)"
            pools.append(
                PoolLine(
                    generation: generation,
                    type: try query.text(directory + "/type"),
                    byteCount: Int(try query.text(directory + "/total_size"))
                        ?? 0,
                    isCurrent: try query.text(directory + "/current") == "Y"))
        }
        return pools
    }

    private static func backings(of query: some MountAnswers) throws(QueryFailure) -> [BackingLine]
    {
        let current = try query.text("params/backing")
        var backings: [BackingLine] = []
        for line in ByteText.split(try query.text("stats/backing"), at: "\n") {
            let words = ByteText.split(line, at: " ", maxSplits: 1)
            guard words.count == 2 else { continue }
            let value = String(words[1])
            switch words[0] {
            // Without a backing store it stands alone.
            case "path" where value != "none":
                let path = KernelEscapes.decode(value)
                let isCurrent = ByteText(path) == ByteText(current)
                backings.append(BackingLine(path: path, isCurrent: isCurrent))
            case "state":
                if let last = backings.indices.last { backings[last].state = value }
            default:
                guard let number = Int(value), let last = backings.indices.last else { continue }
                backings[last].values.append((String(words[0]), number))
            }
        }
        return backings
    }
}
