import ZPool

/// The drivers that the shared suites run on.
let drivers: [DriverUnderTest] = [
    DriverUnderTest(driver: ZbudDriver()), DriverUnderTest(driver: ZsmallocDriver()),
    DriverUnderTest(driver: Z3foldDriver()),
]

/// A driver with a name that a test's output shows.
struct DriverUnderTest: CustomStringConvertible, Sendable {
    let driver: any PoolDriver
    var description: String { driver.type }
}
