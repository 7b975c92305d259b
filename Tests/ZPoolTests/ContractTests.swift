import PoolTesting
import TestSupport
import Testing
import ZPool

/// Every clause of the contract on every driver.
@Suite struct ContractTests {
    @Test(arguments: drivers, PoolContract.clauses)
    func keeps(driver: DriverUnderTest, clause: PoolContract) throws {
        try clause.check(driver.driver)
    }
}
