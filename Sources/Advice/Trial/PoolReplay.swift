import Arena
package import ZPool
import ZswapCore

/// The memory that many pages take in a pool, by the ways in which a sample of them is kept.
///
///     sample    object 812 | same-filled | object 1337 | frame | ...
///     copies    | sample, shuffled | sample, shuffled | ...          a real pool, rooms without
///     target    ........................................             bytes in them
///
/// A pool does not grow in proportion: each size class of zsmalloc has a zspage that is not full,
/// which is much of a pool of 1,000 pages and nothing in one of a million. So the objects are put
/// into a pool of the driver again and again, up to the number that is asked for. Beyond
/// ``pageCountMax`` pages the pool goes on as it grew in the last half.
///
/// Price: the frames of `pageCountMax` pages, and 0.1 µs for each of them.
package struct PoolReplay {
    /// The memory that grows with the pages.
    package struct Memory: Equatable, Sendable {
        /// Frames of the pool, and frames of the store beside it.
        package var poolByteCount: Int
        /// The arena's records of these frames.
        package var recordByteCount: Int

        /// Memory of these sizes.
        package init(poolByteCount: Int, recordByteCount: Int) {
            self.poolByteCount = poolByteCount
            self.recordByteCount = recordByteCount
        }
    }

    /// Pages that are really put into a pool.
    package static let pageCountMax = 65536

    private let type: String
    private let zpools: ZpoolRegistry
    private let sample: [PageKeeping]
    private let seed: UInt64

    /// For a driver of this registry and a sample of at least one page.
    package init(_ sample: [PageKeeping], in type: String, of zpools: ZpoolRegistry, seed: UInt64) {
        invariant(!sample.isEmpty)
        self.type = type
        self.zpools = zpools
        self.sample = sample
        self.seed = seed
    }

    /// The memory that `pageCount` pages like those of the sample take. `check` is called between
    /// two copies; an error that it throws ends the replay.
    package func memory(
        ofPageCount pageCount: Int, check: () throws -> Void
    ) throws -> Memory {
        invariant(pageCount > 0)
        if pageCount <= max(Self.pageCountMax, sample.count) {
            return try measure([pageCount], check)[0]
        }
        // Two whole copies at least: both ends are of the same mixture.
        let copyCount = max(Self.pageCountMax / sample.count, 2)
        let (middle, end) = (copyCount / 2 * sample.count, copyCount * sample.count)
        let measured = try measure([middle, end], check)
        func extended(_ value: (Memory) -> Int) -> Int {
            let growth = Double(value(measured[1]) - value(measured[0])) / Double(end - middle)
            return value(measured[1]) + Int(growth * Double(pageCount - end))
        }
        return Memory(
            poolByteCount: extended(\.poolByteCount), recordByteCount: extended(\.recordByteCount))
    }

    /// The memory at these numbers of pages, which rise.
    private func measure(_ pageCounts: [Int], _ check: () throws -> Void) throws -> [Memory] {
        let capacity = 2 * (pageCounts.last ?? 0) * Page.byteCount + Self.spareByteCount
        let arena = try Arena(Arena.Configuration(capacityByteCount: capacity))
        try arena.start()
        defer { arena.stop() }
        let pool = try zpools.makeZpool(type: type, in: arena)
        defer { pool.destroy() }
        var generator = SplitMix64(seed: seed)
        var order: [PageKeeping] = []
        var frameCount = 0
        var count = 0
        return try pageCounts.map { end in
            while count < end {
                if order.isEmpty {
                    try check()
                    order = sample.shuffled(using: &generator)
                }
                switch order.removeLast() {
                case .sameFilled: break
                case .frame: frameCount += 1
                case .object(let byteCount): _ = try pool.malloc(byteCount)
                }
                count += 1
            }
            let usage = arena.usage
            // The store's own frames are recorded as a pool's are.
            let ownRecords = frameCount * Self.recordByteCountOfFrame
            return Memory(
                poolByteCount: pool.totalByteCount + frameCount * Page.byteCount,
                recordByteCount: (usage.descriptorFrameCount + usage.segmentRecordFrameCount)
                    * Page.byteCount + ownRecords)
        }
    }

    /// Address space beside twice the pages.
    private static let spareByteCount = 256 << 20
    /// A run's descriptor.
    private static let recordByteCountOfFrame = 32
}
