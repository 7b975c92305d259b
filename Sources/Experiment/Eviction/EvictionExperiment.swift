public import ZPool

/// Compares orders of write-back: a recorded swap run, replayed into pools that are limited to
/// fewer frames than it needs.
///
///     without a limit                              -> the frames needed at the peak
///     each limit, each order: over it after a store? evict until it is under
///                                                  -> loads that met an evicted page
///
/// An evicted page is on a disk from there on: a load of it leaves it there, a store or a discard
/// ends that. No bytes are stored, only objects of the recorded lengths.
public struct EvictionExperiment {
    private let script: EvictionScript
    private let zpools: ZpoolRegistry

    /// An experiment with this run, for drivers of this registry.
    public init(_ record: SwapRecord, zpools: ZpoolRegistry) {
        script = EvictionScript(record)
        self.zpools = zpools
    }

    /// Pages of the device that were ever stored.
    public var pageCount: Int { script.pageCount }

    /// Measures one driver at limits in percent. `before` is told each step; an error that
    /// it throws ends the measurement.
    public func measure(
        zpool: String, limitPercents: [Int], before: (_ step: String) throws -> Void
    ) throws -> [EvictionMeasurement] {
        try before("without a limit")
        let peak = try run(zpool, order: .oldest, limitFrameCount: .max).peakFrameCount
        var results: [EvictionMeasurement] = []
        for percent in limitPercents {
            for order in EvictionOrder.allCases {
                try before("\(percent) %, \(order.rawValue)")
                let limit = peak * percent / 100
                let counts = try run(zpool, order: order, limitFrameCount: limit)
                results.append(
                    EvictionMeasurement(
                        zpool: zpool, limitPercent: percent, limitFrameCount: limit, order: order,
                        loadCount: counts.loadCount, evictedPageCount: counts.evictedPageCount,
                        evictedByteCount: counts.evictedByteCount,
                        lostLoadCount: counts.lostLoadCount, lostPageCount: counts.lostPageCount,
                        freedFrameCount: counts.freedFrameCount))
            }
        }
        return results
    }

    private func run(
        _ zpool: String, order: EvictionOrder, limitFrameCount: Int
    ) throws -> EvictionRun.Counts {
        let run = try EvictionRun(
            zpool, of: zpools, order: order, pageCount: script.pageCount,
            limitFrameCount: limitFrameCount)
        defer { run.end() }
        for (index, step) in script.steps.enumerated() {
            try run.take(step)
            run.careNowAndThen(index)
        }
        return run.counts
    }
}
