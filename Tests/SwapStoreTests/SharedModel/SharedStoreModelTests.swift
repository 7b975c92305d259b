import SwapStore
import TestSupport
import Testing

/// The whole store under two threads, beside naive models of their areas.
@Suite(.serialized) struct SharedStoreModelTests {
    /// Of all steps, this suite's part, for each of its cases.
    private static let stepCount = ModelOperations.count * 2 / 15

    @Test(arguments: zip(Zpools.names, 1...3 as ClosedRange<UInt64>))
    func storeIsItsModels(zpool: String, seed: UInt64) throws {
        let model = try SharedModel(zpool: zpool, seed: seed)
        try model.run(stepCount: Self.stepCount)
        try model.migrateAll()
        let statistics = model.store.statistics
        try model.empty()
        guard ModelOperations.isEnoughForAll else { return }
        let seldom = [
            "write refused", "read failed", "punch leaf", "close", "rename", "switch",
            "switch chain", "switch compressor", "level", "tunables", "settings", "migrate",
            "compact", "give back", "releaseDrained", "clock", "choose backing", "fail", "recover",
            "write back", "cold form",
        ]
        for step in seldom {
            #expect(model.count(step) > 0, "seed \(seed) never came to: \(step)")
        }
        // Which of them depends on what the other thread did.
        let refusals = ["poolFull", "disabled", "sameFilledOnly"].map { model.count($0) }
        let happened = [
            "refusal": refusals.reduce(0, +),
            "on backing": model.backedPageCountMax, "written back": statistics.writtenBackPages,
            "limit": statistics.poolLimitHits, "failed writes": statistics.backingStoreFail,
            "migrated": statistics.migratedPages, "compacted": statistics.compactedFrames,
            "scrubbed": statistics.scrubbedPages,
            "recompressed": model.store.tierCounts.recompressedPageCount,
        ]
        for (what, count) in happened {
            #expect(count > 0, "seed \(seed): \(what) never happened")
        }
    }
}
