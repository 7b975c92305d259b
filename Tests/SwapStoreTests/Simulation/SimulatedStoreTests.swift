#if DEBUG || INTERNAL_CHECKS
import TestSupport
import Testing

/// The whole store with all its threads, one step of one thread after the other, as a seed decides.
@Suite(.serialized) struct SimulatedStoreTests {
    @Test func storeKeepsItsLaws() throws {
        var (points, deaths) = (0, 0)
        for seed in SimulationLength.seeds {
            do {
                let run = try SimulatedCase(seed: seed, stepCount: SimulationLength.stepCount)
                points += run.simulation.trace.stepCount
                deaths += run.deathCount
            } catch {
                Issue.record("seed \(seed): \(error)")
            }
        }
        print("\(SimulationLength.seeds.count) seeds, \(points) points, \(deaths) ends")
    }

    /// The same seed gives the same steps.
    @Test func aSeedRepeatsItsRun() throws {
        let first = try SimulatedCase(seed: 7, stepCount: 200).simulation.trace
        let second = try SimulatedCase(seed: 7, stepCount: 200).simulation.trace
        #expect(first.stepCount == second.stepCount && first.hash == second.hash)
        let other = try SimulatedCase(seed: 8, stepCount: 200).simulation.trace
        #expect(first.hash != other.hash)
    }
}
#endif
