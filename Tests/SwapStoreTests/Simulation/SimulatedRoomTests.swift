#if DEBUG || INTERNAL_CHECKS
import Synchronization
import TestSupport
import Testing
import Threads
import ZswapCore

@testable import Maintenance
@testable import SwapStore

/// Pages that wait for room, with a device that has all the room there is: each of them gets it,
/// and soon. Sleeps end only when no thread can go on, so a wait that ends by itself was not ended
/// by the thread that had to.
@Suite(.serialized) struct SimulatedRoomTests {
    /// A waiter asks again after this long; no wait comes to that.
    private static let waitNanosecondsMax: Int64 = 100_000_000
    private static let areaPageCount = 100

    @Test(arguments: 1...SimulationLength.roomSeedCount)
    func everyPageGetsItsRoom(seed: UInt64) throws {
        _ = Zpools.names
        let simulation = Simulation(seed: seed, ofBusyMachine: false)
        let troubles = Lock<[String]>([])
        try simulation.run {
            let device = FaultyBacking(byteCount: 16 << 20)
            let fixture = try TestStore(
                totalByteCount: 4 << 20, growsInBackground: true,
                tunables: { $0.maxPoolPercent = 20 }, openBacking: { _ in device })
            try fixture.store.setBacking(device)
            for task in [.writeBack, .compaction] as [Maintenance.Task] {
                try fixture.maintenance.start(task)
            }
            SimulatedCase.run(count: 2) { number in
                do {
                    try Self.fill(number, of: fixture, seed, simulation)
                } catch {
                    troubles.withLock { $0.append("hand \(number): \(error)") }
                }
            }
            fixture.maintenance.stop()
        }
        let found = troubles.withLock { $0 }
        #expect(found == [], "seed \(seed)\n\(simulation.trace.lastSteps)")
    }

    private static func fill(
        _ number: Int, of fixture: TestStore, _ seed: UInt64, _ simulation: Simulation
    ) throws {
        var random = SplitMix64(seed: seed << 8 | UInt64(number))
        guard let worker = fixture.store.makeWorker() else { throw TestStoreError.noWorker }
        defer { fixture.store.removeWorker(worker) }
        let name = ByteText("\(number)")
        let area = try fixture.makeArea(name)
        try fixture.store.updateSettings(ofAreaNamed: name) { $0.byteCountMax = 120_000 }
        for _ in 0..<SimulationLength.roomPageCount {
            let page = random.next() % UInt64(areaPageCount)
            let bytes = PageContent.allCases[Int(random.next() % 4)].bytes(4096, &random)
            let begin = simulation.nanoseconds
            try fixture.write(bytes, to: area, at: page << 12, by: worker)
            let passed = simulation.nanoseconds - begin
            guard passed < waitNanosecondsMax else {
                throw ModelDifference(description: "page \(page) took \(passed) ns")
            }
            simulation.noteProgress()
        }
    }
}
#endif
