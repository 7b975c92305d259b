import Foundation
import TestSupport

/// The number and size of the swap runs. Small by default; these variables ask for more:
///
/// - `ZSWAPFS_SWAP_RUNS`: runs with each driver; the pools are flipped in every other one.
/// - `ZSWAPFS_SWAP_MIB`, `ZSWAPFS_SWAP_LIMIT_MIB`: the process, and the memory it may have.
enum SwapPlan {
    static let runCount = number("ZSWAPFS_SWAP_RUNS")
    static let megabyteCount = number("ZSWAPFS_SWAP_MIB") ?? 48
    static let limitMegabyteCount = number("ZSWAPFS_SWAP_LIMIT_MIB") ?? 24

    /// Least bytes that are swapped out of a full process: what has no room, with a margin for what
    /// the kernel has counted but not taken away yet.
    static var swappedByteCountMin: Int { (megabyteCount - limitMegabyteCount) << 20 * 3 / 4 }

    /// One run.
    struct Run: CustomStringConvertible, Sendable {
        let number: Int
        let zpool: String
        let transport: String
        let flips: Bool

        var description: String {
            "run \(number), \(zpool), \(transport)\(flips ? ", flipped every 100 ms" : "")"
        }
    }

    static let runs: [Run] = {
        let transports = MountHost.transports
        let (first, second) = (transports[0], transports[transports.count - 1])
        guard let runCount else {
            return [
                Run(number: 1, zpool: "zsmalloc", transport: first, flips: false),
                Run(number: 2, zpool: "zbud", transport: second, flips: false),
                Run(number: 3, zpool: "zsmalloc", transport: first, flips: true),
                Run(number: 4, zpool: "zbud", transport: second, flips: true),
                Run(number: 5, zpool: "z3fold", transport: first, flips: false),
            ]
        }
        return (1...max(runCount, 1)).flatMap { number in
            let ways = number % 4 < 2 ? [first, second] : [second, first]
            return Zpools.names.enumerated().map { place, zpool in
                Run(
                    number: number, zpool: zpool, transport: ways[place % 2],
                    flips: number.isMultiple(of: 2))
            }
        }
    }()

    private static func number(_ name: String) -> Int? {
        ProcessInfo.processInfo.environment[name].flatMap { Int($0) }
    }
}
