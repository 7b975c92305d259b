import FirstFit
import PoolTesting
import Testing

/// What zswapfs asks of every driver, asked of this one.
@Suite struct FirstFitTests {
    @Test(arguments: PoolContract.clauses)
    func keeps(clause: PoolContract) throws { try clause.check(FirstFitDriver()) }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func matchesModel(seed: UInt64) throws {
        try PoolModel.run(FirstFitDriver(), seed: seed, stepCount: 10_000)
    }

    @Test(arguments: [1, 2] as [UInt64])
    func threadsKeepTheirBytes(seed: UInt64) throws {
        try PoolStress.run(FirstFitDriver(), threadCount: 2, stepCount: 15_000, seed: seed)
    }

    @Test func bearsFaults() throws {
        let faults = try PoolFaults.run(FirstFitDriver(), seed: 1)
        #expect(faults.refusalCount > 1 && faults.endCount >= 500)
    }
}
