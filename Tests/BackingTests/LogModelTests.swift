import Backing
import TestSupport
import Testing

/// Random operations against the naive model, with a device that fails now and then.
@Suite struct LogModelTests {
    private static let segmentCount = 8
    private static let stepCount = 16_000

    /// 1200 pages leave room; 2600 are more than the device holds.
    @Test(arguments: [1200, 2600], [1, 2] as [UInt64])
    func logIsItsModel(pageCount: Int, seed: UInt64) throws {
        var model = try LogModel(
            seed: seed, segmentCount: Self.segmentCount, pageCount: pageCount)
        try model.run(stepCount: Self.stepCount)
        var expected = ["flush", "flush failed", "read failed", "cleaned", "cleaning failed"]
        if pageCount > 2000 { expected.append("full") }
        for event in expected {
            #expect(model.counts[event, default: 0] > 0, "seed \(seed) never came to: \(event)")
        }
        try model.empty()
        let statistics = model.log.statistics
        #expect(statistics.liveRecordCount == 0)
        #expect(statistics.liveByteCount == 0)
        // All but the one that is open.
        #expect(statistics.freeSegmentCount >= Self.segmentCount - 1)
        #expect(!model.log.needsCleaning)
        #expect(
            statistics.writtenByteCount > 3 * statistics.capacityByteCount,
            "room is used again and again")
    }
}
