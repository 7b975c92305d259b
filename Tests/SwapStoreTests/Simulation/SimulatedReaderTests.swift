#if DEBUG || INTERNAL_CHECKS
import TestSupport
import Testing
import Threads
import ZswapCore

@testable import Maintenance
@testable import SwapStore

/// Pages that are read while they are replaced, discarded, moved, and their memory is given back:
/// a reader that stands still in the middle of a load must find the old page, the new one or none.
///
///     writer   page 3, version 7 ── page 3, version 8 ── discards ── gives memory back
///     reader        entry ───────────────────────── bytes ─► version 7 or 8, or zeros
@Suite(.serialized) struct SimulatedReaderTests {
    private static let pageCount = 16

    @Test(arguments: 1...SimulationLength.readerSeedCount)
    func aReaderFindsOldNewOrNone(seed: UInt64) throws {
        let zpool = Zpools.names[Int(seed) % Zpools.names.count]
        let simulation = Simulation(seed: seed)
        let troubles = Lock<[String]>([])
        try simulation.run {
            let stage = try ModelStage(zpool: zpool, seed: seed, isSimulated: true)
            var tunables = Tunables()
            tunables.maxPoolPercent = 100
            stage.use(tunables)
            let areas = try ["one", "two"].map { try stage.fixture.makeArea($0) }
            try stage.maintenance.start(.compaction)
            // More than a lane keeps: what is freed from now on goes back to the kernel.
            try Self.fillAndEmpty(areas[0], stage)
            SimulatedCase.run(count: 4) { number in
                do {
                    guard let worker = stage.store.makeWorker() else {
                        throw TestStoreError.noWorker
                    }
                    defer { stage.store.removeWorker(worker) }
                    var random = SplitMix64(seed: seed << 8 | UInt64(number))
                    let area = areas[number % 2]
                    // The writers end first: what a reader brings back then, no commit hides.
                    let share = number < 2 ? 2 : 1
                    for _ in 0..<SimulationLength.readerStepCount / share {
                        if number < 2 {
                            try Self.change(area, stage, worker, &random)
                        } else {
                            try Self.look(area, stage, worker, &random)
                        }
                        simulation.noteProgress()
                    }
                    guard number < 2 else { return }
                    try stage.store.truncate(area, to: 0, by: worker)
                    stage.store.giveBack()
                } catch {
                    troubles.withLock { $0.append("thread \(number): \(error)") }
                }
            }
            stage.maintenance.stop()
            try SharedModel.checkMemory(of: stage)
        }
        let found = troubles.withLock { $0 }
        #expect(found == [], "seed \(seed)\n\(simulation.trace.lastSteps)")
    }

    private static func fillAndEmpty(_ area: Area, _ stage: ModelStage) throws {
        for page in 0..<300 {
            try stage.fixture.write(content(page, UInt64(page)), to: area, page: UInt64(page))
        }
        try stage.store.truncate(area, to: 0, by: stage.fixture.worker)
    }

    private static func change(
        _ area: Area, _ stage: ModelStage, _ worker: StoreWorker, _ random: inout SplitMix64
    ) throws {
        let page = Int(random.next() % UInt64(pageCount))
        switch random.next() % 16 {
        case 0: stage.store.giveBack()
        case 1...5:
            try stage.store.discard(
                area, at: UInt64(page << Page.shift), byteCount: 4 << Page.shift, by: worker)
        default:
            try stage.fixture.write(
                content(page, random.next()), to: area, at: UInt64(page << Page.shift),
                by: worker)
        }
    }

    private static func look(
        _ area: Area, _ stage: ModelStage, _ worker: StoreWorker, _ random: inout SplitMix64
    ) throws {
        let page = Int(random.next() % UInt64(pageCount))
        let bytes = try stage.fixture.read(
            area, at: UInt64(page << Page.shift), count: Page.byteCount, by: worker)
        guard bytes.contains(where: { $0 != 0 }) else { return }
        let version = bytes.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard bytes == content(page, version) else {
            throw ModelDifference(description: "page \(page) is of no version")
        }
    }

    /// A page of which every byte tells its number and version; every other one can be compressed.
    private static func content(_ page: Int, _ version: UInt64) -> [UInt8] {
        let version = version | 1
        var random = SplitMix64(seed: version ^ UInt64(page) << 32)
        let words = version & 2 == 0 ? 511 : 100
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Page.byteCount)
        withUnsafeBytes(of: version) { bytes += $0 }
        for _ in 0..<words { withUnsafeBytes(of: random.next()) { bytes += $0 } }
        let rest = Page.byteCount - bytes.count
        return bytes + [UInt8](repeating: UInt8(truncatingIfNeeded: page), count: rest)
    }
}
#endif
