import LinuxSystem
import SystemPackage
import ZswapCore

/// The memory of one mount by its use, read from its control files: the report of `pools`.
///
/// Law: the parts of a pool add up to its frames, and the parts of `memory` add up to the committed
/// bytes. If no page was stored or discarded while the files were read, the frames of all pools are
/// the frames in use, too. Otherwise the files are read again a few times, and the difference that
/// is left is `unsettledByteCount`.
struct MountMemory {
    struct Pool {
        let generation: Int
        let type: String
        let isCurrent: Bool
        /// The lines of `usage`.
        let values: [(name: String, value: Int)]

        var parts: [(name: String, value: Int)] { Array(values.prefix { $0.name != "total" }) }
        var byteCount: Int { parts.map(\.value).reduce(0, +) }
        var frameCount: Int { value("frames") }
        var objectCount: Int { value("objects") }

        func value(_ name: String) -> Int { values.first { $0.name == name }?.value ?? 0 }
    }

    private static let readCountMax = 10
    /// More than any memory has bytes, and little enough that sums of a file's lines and their
    /// percentages are numbers.
    private static let amounts = 0...1 << 44

    /// The mount point.
    let mountPoint: String
    let storedPageCount: Int
    let pools: [Pool]
    /// The parts in `stats/memory`, in bytes.
    let memory: [(name: String, value: Int)]

    init(asking query: some MountAnswers) throws(QueryFailure) {
        var read = try Self(askingOnce: query)
        var count = 1
        while read.unsettledByteCount != 0 && count < Self.readCountMax {
            read = try Self(askingOnce: query)
            count += 1
        }
        self = read
    }

    private init(askingOnce query: some MountAnswers) throws(QueryFailure) {
        mountPoint = query.mountPoint
        let pages = try query.text("stats/stored_pages")
        storedPageCount = Self.amount(Int(pages) ?? 0)
        let names = try query.names("stats/pools")
        var pools: [Pool] = []
        for generation in names.compactMap({ Int($0) }).sorted() {
            if let pool = try Self.pool(query, generation) { pools.append(pool) }
        }
        self.pools = pools
        memory = try Self.amounts(query, "stats/memory").filter {
            $0.name != "committed"
        }
    }

    /// A file of names and amounts, each brought into the range that can be.
    private static func amounts(
        _ query: some MountAnswers, _ path: String
    ) throws(QueryFailure) -> [(name: String, value: Int)] {
        try query.values(path).map { ($0.name, amount($0.value)) }
    }

    private static func amount(_ value: Int) -> Int {
        min(max(value, amounts.lowerBound), amounts.upperBound)
    }

    /// A pool; nil when it has gone since it was listed.
    private static func pool(
        _ query: some MountAnswers, _ generation: Int
    ) throws(QueryFailure) -> Pool? {
        let directory = "stats/pools/\(generation)/"
        do {
            return Pool(
                generation: generation,
                type: try query.text(directory + "type"),
                isCurrent: try query.text(directory + "current") == "Y",
                values: try amounts(query, directory + "usage"))
        } catch {
            guard error.isNotFound else { throw error }
            return nil
        }
    }

    /// All frames of the pools that are shown.
    var poolByteCount: Int { pools.map(\.byteCount).reduce(0, +) }
    /// All bytes of objects.
    var payloadByteCount: Int { pools.map { $0.value("payload") }.reduce(0, +) }
    /// All memory.
    var committedByteCount: Int { memory.map(\.value).reduce(0, +) }
    /// Committed bytes that are neither in pools nor in reserve.
    var metadataByteCount: Int { committedByteCount - memory("pools") - memory("reserve") }
    /// Frames of pools that came (or went, if negative) after their pool was read.
    var unsettledByteCount: Int { memory("pools") - poolByteCount }

    /// A part of the memory.
    func memory(_ name: String) -> Int { memory.first { $0.name == name }?.value ?? 0 }
}
