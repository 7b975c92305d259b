import PoolTesting
import TestSupport
import Testing
import ZPool

/// Random steps on every driver, compared with a dictionary. A failure prints its seed and step.
@Suite struct ModelTests {
    @Test(arguments: drivers, [1, 2, 3, 4] as [UInt64])
    func matchesModel(driver: DriverUnderTest, seed: UInt64) throws {
        try PoolModel.run(driver.driver, seed: seed, stepCount: 10_000)
    }

    @Test(arguments: [4, 5, 11, 16])
    func matchesModelWithOtherChains(chainLength: Int) throws {
        try PoolModel.run(
            ZsmallocDriver(), chainLength: chainLength, seed: UInt64(chainLength), stepCount: 4000)
    }

    @Test(arguments: drivers, [1, 2] as [UInt64])
    func threadsKeepTheirBytes(driver: DriverUnderTest, seed: UInt64) throws {
        try PoolStress.run(driver.driver, threadCount: 2, stepCount: 15_000, seed: seed)
    }
}
