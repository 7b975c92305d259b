import Glibc
import TestSupport

/// How much is simulated: so many seeds of so many steps.
enum SimulationLength {
    /// Steps of the hands of one seed.
    static let stepCount = BuiltProgram.isOptimized ? 2000 : 800

    /// `ZSWAPFS_SIMULATION_OPERATIONS`: steps of all seeds together.
    private static let operationCount =
        number("ZSWAPFS_SIMULATION_OPERATIONS") ?? (BuiltProgram.isOptimized ? 6000 : 800)

    /// One seed, if `ZSWAPFS_SIMULATION_SEED` names it; else as many as the steps need.
    static let seeds: ClosedRange<UInt64> =
        if let seed = number("ZSWAPFS_SIMULATION_SEED") {
            UInt64(seed)...UInt64(seed)
        } else {
            1...UInt64(max(operationCount / stepCount, 1))
        }

    /// Steps of a seed of the suites of rooms and of readers.
    private static let shortStepCount = 200
    static let roomSeedCount = UInt64(max(operationCount / shortStepCount, 3))
    static let readerSeedCount = UInt64(max(operationCount / shortStepCount, 6))
    static let readerStepCount = shortStepCount / 4
    static let roomPageCount = shortStepCount

    private static func number(_ name: String) -> Int? {
        getenv(name).flatMap { Int(String(cString: $0)) }
    }
}
