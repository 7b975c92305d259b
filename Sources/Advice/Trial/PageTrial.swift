import Compressors
package import LinuxSystem
import SwapStore
import Threads
package import ZPool
import ZswapCore

/// One driver, compressor and level on a sample of pages, in a store of this process.
package struct PageTrial {
    /// The outcome.
    package struct Outcome: Sendable {
        /// The driver.
        package let zpool: String
        /// The compressor with its level: `zstd:3`.
        package let compressor: String
        /// How each page is kept, in the order in which they were stored.
        package let keepings: [PageKeeping]
        /// Nanoseconds to compress and store a page, and to load and decompress one: medians over
        /// the pages that are not same-filled; over all, where all are.
        package let storeNanoseconds: Int
        /// See ``storeNanoseconds``.
        package let loadNanoseconds: Int
        /// Bytes that the pages take in a pool of the sample alone, frames of the store included.
        package let samplePoolByteCount: Int
        /// The store's memory that does not grow with pages: area directory, counters, superblock.
        package let fixedByteCount: Int
        /// Memory that the store keeps ready once no page comes any more; nil unless asked for.
        package let reserveByteCount: Int?
        /// Working memory of a thread's codec.
        package let codecByteCount: Int

        /// Pages kept as one word.
        package var sameFilledCount: Int { keepings.count { $0 == .sameFilled } }
        /// Pages kept as they are.
        package var incompressibleCount: Int { keepings.count(where: \.isIncompressible) }
    }

    /// Pages between two looks whether to go on.
    private static let batchCount = 256
    /// Longest wait for the reserve, and the time for which it has to stay the same.
    private static let settlingMilliseconds = 2000
    private static let quietMilliseconds = 600

    private let pages: PageMemory
    private let order: [Int]

    /// The first `pageCount` pages, stored in the order that the seed gives.
    package init(_ pages: PageMemory, pageCount: Int, seed: UInt64) {
        self.pages = pages
        var generator = SplitMix64(seed: seed)
        order = (0..<pageCount).shuffled(using: &generator)
    }

    /// Stores and loads every page once, and compares it. The reserve is measured if so asked: it
    /// takes a while until the arena has given back what it does not keep. `check` is called now
    /// and then; an error that it throws ends the trial.
    package func run(
        zpool: String, of zpools: ZpoolRegistry, compressor: CompressorChoice,
        measuresReserve: Bool = false, check: () throws -> Void
    ) throws -> Outcome {
        let rig = try StoreRig(
            zpool: zpool, of: zpools, compressor: compressor,
            roomByteCount: order.count * Page.byteCount, workerCount: 1)
        var stores: [Int64] = []
        for (step, number) in order.enumerated() {
            if step % Self.batchCount == 0 { try check() }
            let begin = MonotonicClock.nanoseconds
            try rig.write(pages.page(number), to: step)
            stores.append(MonotonicClock.nanoseconds - begin)
        }
        let loads = try load(from: rig, check)
        let keepings = order.indices.map { step in
            guard let keeping = rig.keeping(of: step) else {
                unreachable("a page that was stored is not in the store")
            }
            return keeping
        }
        let codec = try compressor.compressor.makeCodec(
            level: compressor.compressor.level(for: compressor.level))
        let memory = rig.memory
        return Outcome(
            zpool: zpool, compressor: compressor.description, keepings: keepings,
            storeNanoseconds: Self.median(of: stores, keepings),
            loadNanoseconds: Self.median(of: loads, keepings),
            samplePoolByteCount: memory.pools,
            fixedByteCount: memory.directory + memory.counters + memory.superblock,
            reserveByteCount: measuresReserve ? Self.settledReserve(of: rig) : nil,
            codecByteCount: codec.byteCount)
    }

    /// The reserve when it has stayed the same for longer than the arena keeps what it gives back.
    private static func settledReserve(of rig: StoreRig) -> Int {
        var last = -1
        _ = Patience.wait(milliseconds: settlingMilliseconds) {
            let before = last
            last = rig.memory.reserve
            return last == before
                && !Patience.wait(milliseconds: quietMilliseconds) {
                    rig.memory.reserve != last
                }
        }
        return last
    }

    /// Nanoseconds of each page, in the order of the pages stored; loaded in the opposite order.
    private func load(from rig: StoreRig, _ check: () throws -> Void) throws -> [Int64] {
        var loads = [Int64](repeating: 0, count: order.count)
        let target = try PageMemory(pageCount: 1)
        _ = target.guardContents()
        defer { target.wipe(pageCount: 1) }
        for step in order.indices.reversed() {
            if step % Self.batchCount == 0 { try check() }
            var page = target.mutableBytes(0..<Page.byteCount)
            let begin = MonotonicClock.nanoseconds
            try rig.read(step, into: &page)
            loads[step] = MonotonicClock.nanoseconds - begin
            invariant(
                target.isPage(0, equalTo: order[step], of: pages),
                "page \(step) came back wrong")
        }
        return loads
    }

    private static func median(of times: [Int64], _ keepings: [PageKeeping]) -> Int {
        let chosen = zip(times, keepings).filter { $0.1 != .sameFilled }.map(\.0)
        let sorted = (chosen.isEmpty ? times : chosen).sorted()
        return sorted.isEmpty ? 0 : Int(sorted[sorted.count / 2])
    }
}
