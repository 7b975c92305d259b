import LinuxSystem
package import ZPool
import ZswapCore

/// What one driver, compressor and level would make of all pages that a sample stands for.
package struct Forecast: Sendable {
    /// The memory of a mount that is not a store's: its processes.
    package struct Daemon: Equatable, Sendable {
        /// Bytes of code, heap, stacks and buffers of all processes of the mount.
        package let byteCount: Int
        /// Threads that have a codec each.
        package let codecCount: Int

        /// A daemon of this size.
        package init(byteCount: Int, codecCount: Int) {
            self.byteCount = byteCount
            self.codecCount = codecCount
        }
    }

    /// The driver and the compressor on the sample.
    package let outcome: PageTrial.Outcome
    /// The memory for all pages.
    package let cost: MemoryCost

    /// What the choice is made by.
    package var candidate: Recommendation.Candidate {
        Recommendation.Candidate(
            zpool: outcome.zpool, compressor: outcome.compressor, cost: cost,
            storeNanoseconds: outcome.storeNanoseconds, loadNanoseconds: outcome.loadNanoseconds)
    }

    /// Most bytes that the trials of a sample take at once, beside the sample.
    package static func trialByteCount(samplePageCount: Int) -> Int {
        max(PoolReplay.pageCountMax, 2 * samplePageCount) * Page.byteCount
    }

    /// One driver of the registry with one compressor on a sample that has pages. The reserve is
    /// that of the driver, whatever the compressor: it is measured where none is given.
    package init(
        of sample: PageSample, zpool: String, of zpools: ZpoolRegistry,
        compressor: CompressorChoice, daemon: Daemon, reserve: Int? = nil, seed: UInt64,
        check: () throws -> Void
    ) throws {
        let trial = PageTrial(sample.memory, pageCount: sample.pageCount, seed: seed)
        outcome = try trial.run(
            zpool: zpool, of: zpools, compressor: compressor, measuresReserve: reserve == nil,
            check: check)
        let replay = PoolReplay(outcome.keepings, in: zpool, of: zpools, seed: seed)
        cost = MemoryCost(
            pageCount: sample.wholeCount,
            pool: try replay.memory(ofPageCount: sample.wholeCount, check: check),
            fixed: outcome.fixedByteCount, reserve: reserve ?? outcome.reserveByteCount ?? 0,
            daemon: daemon.byteCount + daemon.codecCount * outcome.codecByteCount)
    }
}
