import ZPool
import ZswapCore

/// Everything a request needs to know of pools, compressors and tunables: immutable, so a worker
/// takes one reference and a page is judged by one state of it. A change makes a new one.
///
/// Law: `pools[g]` is there as long as an entry of generation g may be in a table.
final class StoreState: Sendable {
    let number: UInt64
    let tunables: Tunables
    let limit: MemoryLimit
    /// By generation; generation 0 is the store's own whole frames and never here.
    let pools: [Zpool?]
    /// The generation that new pages go to.
    let currentGeneration: Int
    let currentPool: Zpool
    /// Longest compressed page worth keeping compressed in the current pool.
    let compressedByteCountMax: Int
    /// The compressor new pages get, by its id.
    let currentCompressor: Int

    init(
        number: UInt64, tunables: Tunables, totalByteCount: UInt64, pools: [Zpool?],
        currentGeneration: Int, currentCompressor: Int
    ) {
        precondition(currentGeneration > 0 && currentGeneration < Limits.poolsMax)
        guard let current = pools[currentGeneration] else {
            preconditionFailure("the current generation has no pool")
        }
        self.number = number
        self.tunables = tunables
        limit = MemoryLimit(
            totalByteCount: totalByteCount, maxPoolPercent: tunables.maxPoolPercent,
            acceptThresholdPercent: tunables.acceptThresholdPercent)
        self.pools = pools
        self.currentGeneration = currentGeneration
        currentPool = current
        compressedByteCountMax = min(current.hugeByteCount, current.objectByteCountMax + 1) - 1
        self.currentCompressor = currentCompressor
    }
}
