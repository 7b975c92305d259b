import Backing
import Glibc
import SwapStore
import TestSupport
import ZswapCore

/// The backing devices of a model: a few MiB each, found by their paths, and what may become of
/// them.
struct ModelDevices: Sendable {
    private static let byteCounts = [4 << 20, 6 << 20]

    let all = Self.byteCounts.enumerated().map { number, byteCount in
        FaultyBacking(byteCount: byteCount, path: "/memory/\(number)")
    }

    /// The function by which a store opens them.
    var opening: SwapStore.OpenBacking {
        let devices = all
        return { path throws(BackingError) in
            guard let device = devices.first(where: { $0.path == path }) else { throw .notFound }
            return device
        }
    }

    /// Another failure: writes that fail, a full disk, or all requests.
    func anyFailure(of device: Int, _ random: inout SplitMix64) -> FaultyBacking.Plan {
        var plan = FaultyBacking.Plan()
        plan.errno = [EIO, ENOSPC, ENXIO][Int(random.next() % 3)]
        plan.failsHalfway = random.next() % 2 == 0
        switch random.next() % 4 {
        case 0, 1: plan.isGone = true
        case 2: plan.failingWrites = [1 + Int(random.next() % 3)]
        default: plan.byteCountWritable = random.next() % all[device].byteCount
        }
        return plan
    }
}

extension SwapStore {
    /// The highest levels that cost about as much as a store; others than these are rare.
    private static let cheapLevels = ["zstd": 3, "lz4hc": 3, "deflate": 2]

    /// Chooses a level of the compressor in force; false: it has none, or another thread chose
    /// another compressor meanwhile.
    func setAnyLevel(_ random: inout SplitMix64) -> Bool {
        guard let range = compressorLevelRange else { return false }
        let cheap = min(Self.cheapLevels[compressorName] ?? range.upperBound, range.upperBound)
        let high = random.next() % 20 == 0 ? range.upperBound : max(cheap, range.lowerBound)
        let count = UInt64(high - range.lowerBound + 1)
        let level = range.lowerBound + Int(random.next() % count)
        return (try? setCompressorLevel(level)) != nil
    }
}
