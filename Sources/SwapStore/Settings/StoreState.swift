import Backing
import ZPool
import ZswapCore

/// Everything a request needs to know of pools, compressors and tunables: a value that a worker
/// copies whole, so a page is judged by one state of it. A change makes a new one.
///
/// Law: `pools[g]` is there as long as an entry of generation g may be in a table, and so is
/// `backings[n]`. Nothing here is counted: `StoreControl` keeps pools and backing stores, also
/// those that only an older state names, until no request can use it.
/// Price: 2 KiB a worker, copied after a change.
struct StoreState: Sendable {
    let number: UInt64
    let tunables: Tunables
    let limit: MemoryLimit
    /// By generation; generation 0 is the store's own whole frames and never here.
    let pools: InlineArray<256, PoolReference?>
    /// By number; 0 is none and never here.
    let backings: InlineArray<16, BackingReference?>
    /// The backing store that pages leave for; 0: none.
    let currentBacking: Int
    /// The form of new pages, but for the compressor of an area that has its own.
    let hot: PageForm
    /// The form of cold pages.
    let cold: PageForm
    /// Whether the two differ.
    let hasColdForm: Bool

    /// The generation that new pages go to.
    var currentGeneration: Int { hot.generation }
    /// The compressor new pages get, by its id.
    var currentCompressor: Int { hot.compressor }

    init(
        number: UInt64, tunables: Tunables, totalByteCount: UInt64,
        allowedByteCount: UInt64? = nil, pools: [Zpool?],
        currentGeneration: Int, currentCompressor: Int, coldGeneration: Int? = nil,
        coldCompressor: Int, backings: [BackingLog?] = [], currentBacking: Int = 0
    ) {
        invariant(backings.count <= Limits.backingsMax && Limits.backingsMax == 16)
        invariant(pools.count == Limits.poolsMax)
        invariant(currentGeneration > 0 && currentGeneration < Limits.poolsMax)
        let coldGeneration = coldGeneration ?? currentGeneration
        guard let current = pools[currentGeneration], let coldPool = pools[coldGeneration] else {
            unreachable("the generation of new or of cold pages has no pool")
        }
        self.number = number
        self.tunables = tunables
        limit = MemoryLimit(
            totalByteCount: totalByteCount, tunables: tunables, allowedByteCount: allowedByteCount)
        self.pools = InlineArray { pools[$0].map { PoolReference($0) } }
        self.backings = InlineArray { number in
            number < backings.count ? backings[number].map { BackingReference($0) } : nil
        }
        self.currentBacking = currentBacking
        hot = PageForm(
            compressor: currentCompressor, generation: currentGeneration, pool: current)
        cold = PageForm(compressor: coldCompressor, generation: coldGeneration, pool: coldPool)
        hasColdForm =
            currentCompressor != coldCompressor || currentGeneration != coldGeneration
    }
}
