import PoolTesting
import TestSupport
import Testing
import ZswapCore

@testable import Maintenance
@testable import SwapStore

/// Two hands on one store, which write, read, discard and flip every setting at once, beside the
/// threads that write pages back, move and compact them.
///
///     threads start ─► both hands take steps ─► threads end ─► everything is compared ─► again
///
/// Law: at the comparison no thread serves and no page is under way, so all accounts are exact.
final class SharedModel {
    /// Runs a body on so many threads, and returns when all have ended.
    typealias Runner = (_ count: Int, _ body: @escaping @Sendable (Int) -> Void) -> Void

    /// Steps of both hands between two comparisons.
    private static let roundStepCount = 1000

    let seed: UInt64
    let stage: ModelStage
    let hands: [ModelHand]
    /// The most pages that were ever seen on backing stores.
    private(set) var backedPageCountMax = 0
    private let runHands: Runner
    private var step = 0

    init(
        zpool: String, seed: UInt64, on simulated: ModelStage? = nil,
        runHands: @escaping Runner = { Threads.run(count: $0, $1) }
    ) throws {
        self.seed = seed
        self.runHands = runHands
        let stage = try simulated ?? ModelStage(zpool: zpool, seed: seed)
        self.stage = stage
        hands = try (0..<2).map { try ModelHand(stage, number: $0, seed: seed) }
        try stage.choose(0)
    }

    var store: SwapStore { stage.store }
    var maintenance: Maintenance { stage.maintenance }

    func run(stepCount: Int) throws {
        while step < stepCount {
            let count = min(Self.roundStepCount, stepCount - step)
            try runRound(stepCount: (count + 1) / 2)
            step += count
            try checkEverything()
        }
    }

    func runRound(stepCount: Int) throws {
        for task in Maintenance.Task.allCases { try maintenance.start(task) }
        let hands = self.hands
        runHands(hands.count) { hands[$0].run(stepCount: stepCount) }
        maintenance.stop()
        for hand in hands {
            if let fault = hand.fault { throw different(fault) }
        }
        try stage.recover()
    }

    /// Pages in one pool, then all of them in another. The migrator may not have come to a single
    /// page beside two busy hands, on a machine that does much else.
    func migrateAll() throws {
        for hand in hands { try hand.removeAll() }
        var tunables = Tunables()
        tunables.maxPoolPercent = 100
        stage.use(tunables)
        let hand = hands[0]
        try hand.makeArea()
        for _ in 0..<20 { try hand.write() }
        try store.setColdZpool(nil)
        try store.setZpool(Zpools.next(after: store.zpoolType))
        maintenance.setMigration(.now)
        var sweep = MigrationSweep()
        loop: while true {
            switch maintenance.migration.step(&sweep, by: hand.worker) {
            case .idle: break loop
            case .worked: continue
            case .waitsForRequests, .waitsForRoom: throw different("the migration waits")
            }
        }
        guard maintenance.migrationReport.pagesMoved > 0, maintenance.migrationReport.pagesLeft == 0
        else {
            throw different("\(maintenance.migrationReport)")
        }
        try checkEverything()
    }

    func different(_ what: String) -> ModelDifference {
        ModelDifference(description: "seed \(seed), steps up to \(step): \(what)")
    }

    /// Number of times that both hands together did something.
    func count(_ what: String) -> Int { hands.map { $0.counts[what, default: 0] }.reduce(0, +) }

    func checkEverything() throws {
        var tally = EntryTally()
        for hand in hands {
            for index in hand.areas.indices {
                do {
                    try hand.compare(index, at: 0, count: ModelHand.sizeMax)
                    tally.add(try check(hand.areas[index]))
                } catch {
                    throw different("hand \(hand.number), area \(index): \(error)")
                }
            }
        }
        backedPageCountMax = max(backedPageCountMax, tally.held.backedPageCount)
        try checkStore(tally)
        try checkEvents()
        for pool in store.pools { pool.checkInvariants() }
    }

    /// One area's counters beside its model and its entries, which are returned.
    private func check(_ entry: ModelHand.HandArea) throws -> EntryTally {
        let (area, model) = (entry.area, entry.model)
        let tally = EntryTally(
            of: area, in: store, pageCount: ModelHand.sizeMax / Page.byteCount + 1)
        if stage.isSimulated { try checkAges(entry) }
        let statistics = area.statistics
        guard statistics == tally.held, statistics.storedPageCount == model.storedPageCount,
            statistics.compressedPageCount == tally.compressedPageCount
        else { throw different("\(statistics), not \(tally), \(model.storedPageCount) stored") }
        for page in model.pages.indices where !entry.unsurePages.contains(page) {
            guard tally.sameFilledPages.contains(page) == (model.pages[page] == .sameFilled)
            else { throw different("page \(page) is not kept as \(model.pages[page])") }
        }
        if let name = entry.name, store.settings(ofAreaNamed: name) != entry.settings {
            throw different("not \(entry.settings) of \(name)")
        }
        guard area.traffic == entry.traffic else {
            throw different("\(area.traffic), not \(entry.traffic)")
        }
        return tally
    }

    /// The store, its pools and its backing stores hold what the entries of all areas say.
    private func checkStore(_ tally: EntryTally) throws {
        let statistics = store.statistics
        let held = tally.held
        let parts = [
            held.sameFilledPageCount, held.rawPageCount, tally.compressedPageCount,
            held.backedPageCount,
        ]
        guard statistics.pages == held, held.storedPageCount == parts.reduce(0, +) else {
            throw different("\(statistics.pages), not \(tally)")
        }
        let holders = store.holders
        for holder in holders {
            guard
                holder.payloadByteCount == tally.payloadByteCounts[holder.generation, default: 0],
                holder.bytes.objectCount == tally.objectCounts[holder.generation, default: 0]
            else { throw different("\(holder.generation): \(holder.bytes), not \(tally)") }
        }
        guard holders.map(\.payloadByteCount).reduce(0, +) == held.storedByteCount,
            holders.map(\.bytes.total).reduce(0, +) == statistics.poolByteCount
        else { throw different("\(holders.map(\.bytes)), not \(statistics)") }
        let logs = store.control.withLock { $0.backings }
        for (number, log) in logs.enumerated() {
            let recordCount = log?.statistics.liveRecordCount ?? 0
            guard recordCount == tally.recordCounts[number, default: 0] else {
                throw different("backing \(number): \(recordCount) records, not \(tally)")
            }
        }
        let names = hands.flatMap(\.areas).compactMap(\.name).sorted()
        guard store.areas.map(\.name).sorted() == names else {
            throw different("the names are \(store.areas.map(\.name)), not \(names)")
        }
    }

    /// The store's counters since it was made must equal the operations and failures of the hands.
    private func checkEvents() throws {
        let statistics = store.statistics
        func sum(_ count: KeyPath<ModelHand, Int>) -> Int {
            hands.map { $0[keyPath: count] }.reduce(0, +)
        }
        guard statistics.checksumFail + statistics.decompressFail + statistics.compressFail == 0,
            maintenance.migrationReport.damagedPages == 0, statistics.scrubErrors == 0,
            statistics.failedReads == sum(\.failedReadCount),
            statistics.failedWrites == sum(\.failedWriteCount),
            statistics.rejects == sum(\.refusedPageCount),
            statistics.discardedPages == sum(\.discardedPageCount),
            store.tunables == stage.since(stage.now).tunables.last
        else { throw different("\(statistics), \(maintenance.migrationReport)") }
    }

    /// Nothing is left of anything once everything is gone.
    func empty() throws {
        for hand in hands { try hand.removeAll() }
        try stage.choose(nil)
        try checkEverything()
        while store.releaseDrained() {}
        store.giveBack()
        let statistics = store.statistics
        guard statistics.pages == AreaStatistics(), statistics.poolByteCount == 0,
            store.poolFrameCount == 0, store.pools.count == 1, store.backings.isEmpty
        else { throw different("\(statistics), \(store.pools.map(\.type)) are left") }
    }
}
