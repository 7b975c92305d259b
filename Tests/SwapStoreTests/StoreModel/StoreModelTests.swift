import SwapStore
import TestSupport
import Testing

/// Random operations against the naive model.
@Suite struct StoreModelTests {
    /// Of all steps, this suite's part, for each of its cases.
    private static let stepCount = ModelOperations.count / 10

    @Test(arguments: Zpools.names, [1, 2] as [UInt64])
    func storeIsItsModel(zpool: String, seed: UInt64) throws {
        var model = try StoreModel(zpool: zpool, seed: seed)
        try model.run(stepCount: max(Self.stepCount, 1))
        let seldom = [
            "write refused", "rename refused", "compact", "punch leaf", "close", "switch",
            "settings", "area full",
            "switch chain", "switch compressor", "level", "migrate: idle", "migrate: worked",
            "write back", "read failed", "take over", "scrub pass",
            "cold form", "recompressed",
        ]
        for step in seldom where ModelOperations.isEnoughForAll {
            #expect(model.counts[step, default: 0] > 0, "seed \(seed) never came to: \(step)")
        }
        #expect(model.store.statistics.writtenBackPages > 0, "seed \(seed)")
        try model.finishMigration()
        try Self.empty(&model)
    }

    /// Nothing is left of anything once everything is gone.
    private static func empty(_ model: inout StoreModel) throws {
        let (store, worker) = (model.store, model.fixture.worker)
        for (name, _) in store.areas { try store.unlinkArea(name: name, by: worker) }
        for entry in model.areas { store.close(handle: entry.handle, by: worker) }
        while store.releaseDrained() {}
        store.giveBack()
        let statistics = store.statistics
        #expect(statistics.pages == AreaStatistics())
        #expect(statistics.poolByteCount == 0)
        #expect(store.pools.count == 1)
        #expect(model.fixture.arena.usage.poolFrameCount == 0)
    }
}
