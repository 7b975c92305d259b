#if DEBUG || INTERNAL_CHECKS
import TestSupport
import Threads

@testable import Maintenance
@testable import SwapStore

/// One run of the whole store in a simulation: the hands of a ``SharedModel``, the store's own
/// threads, faults, and ends of the process, all by one seed.
struct SimulatedCase {
    /// Steps of both hands between two comparisons.
    private static let roundStepCount = 400
    /// Points of a round, about: its process ends before one of them.
    private static let deathStepCount: UInt64 = 400_000

    let simulation: Simulation
    private(set) var deathCount = 0
    private(set) var counts: [String: Int] = [:]

    /// A run of as many steps of hands, at least.
    init(seed: UInt64, stepCount: Int) throws {
        // What Swift and the store make at their first use is made, so that no run differs.
        _ = Self.isWarm
        let simulation = Simulation(seed: seed)
        self.simulation = simulation
        var random = SplitMix64(seed: seed ^ 0x5eed)
        var deaths = 0
        var seen: [String: Int] = [:]
        try simulation.run {
            let zpool = Zpools.names[Int(seed % UInt64(Zpools.names.count))]
            let stage = try ModelStage(zpool: zpool, seed: seed, isSimulated: true) {
                simulation.noteProgress()
            }
            let model = try SharedModel(zpool: zpool, seed: seed, on: stage, runHands: Self.run)
            let death = SimulatedDeath(model)
            var left = stepCount
            while left > 0 {
                simulation.interrupt(after: Int(random.next() % Self.deathStepCount)) {
                    death.happen()
                }
                try model.runRound(stepCount: Self.roundStepCount / 2)
                left -= Self.roundStepCount
                try model.checkEverything()
                try SharedModel.checkMemory(of: stage)
            }
            try model.migrateAll()
            try model.empty()
            try SharedModel.checkMemory(of: stage)
            deaths = death.count
            for hand in model.hands { seen.merge(hand.counts, uniquingKeysWith: +) }
        }
        deathCount = deaths
        counts = seen
    }

    private static let isWarm = (try? warmUp()) != nil

    private static func warmUp() throws {
        let model = try SharedModel(zpool: Zpools.names[0], seed: 1)
        try model.run(stepCount: 300)
        try model.migrateAll()
        try model.empty()
    }

    /// Runs the hands as threads of the simulation.
    static func run(count: Int, _ body: @escaping @Sendable (Int) -> Void) {
        let hands = (0..<count).map { number in
            try? SmallThread.start("hand", failure: { _ in TestStoreError.noWorker }) {
                body(number)
            }
        }
        for hand in hands { hand?.join() }
    }
}
#endif
