import Foundation

/// How often and how large real swapping is tried. Small by itself; these variables ask for more:
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
        let flips: Bool

        var description: String {
            "run \(number), \(zpool)\(flips ? ", flipped every 100 ms" : "")"
        }
    }

    static let runs: [Run] = {
        guard let runCount else {
            return [
                Run(number: 1, zpool: "zsmalloc", flips: false),
                Run(number: 2, zpool: "zbud", flips: false),
                Run(number: 3, zpool: "zsmalloc", flips: true),
            ]
        }
        return (1...max(runCount, 1)).flatMap { number in
            ["zsmalloc", "zbud"].map {
                Run(number: number, zpool: $0, flips: number.isMultiple(of: 2))
            }
        }
    }()

    private static func number(_ name: String) -> Int? {
        ProcessInfo.processInfo.environment[name].flatMap { Int($0) }
    }
}
