import Backing
import Compressors
import Synchronization
import ZPool
import ZswapCore

/// The state in force, the pools that it names, and pools on their way out. Behind the store's
/// `control` lock.
struct StoreControl: Sendable {
    var state: StoreState
    /// By generation, what `state` names: here they are kept alive.
    var pools: [Zpool?]
    /// The configuration of new pools.
    var configuration: PoolConfiguration
    /// Most bytes that pools may take by what the process may have; nil: only the tunables count.
    var allowedByteCount: UInt64?
    /// The compressor of cold pages, by its number.
    var coldCompressor: Int
    /// The generation of cold pages; nil: that of new ones.
    var coldGeneration: Int?
    /// Whether a thread may make cold objects: their compressor is prepared.
    var usesColdForm = false
    /// Epoch after which no worker stores into a pool that is neither the current one nor that of
    /// cold pages.
    var switchEpoch: UInt64 = 0
    /// Pools that the state in force does not name any more; destroyed after the epoch. Until then
    /// a worker may hold an older state that does, so the generation goes to no other pool: that
    /// worker would look for the other's objects in this one.
    var leaving: [(pool: Zpool, generation: Int, epoch: UInt64)] = []
    /// By number, the backing stores that `state` names.
    var backings = [BackingLog?](repeating: nil, count: Limits.backingsMax)
    /// Epoch after which no thread writes to a backing store that is not the current one.
    var backingSwitchEpoch: UInt64 = 0
    /// By number, how many threads hold the backing store now.
    var backingHoldCounts = [Int](repeating: 0, count: Limits.backingsMax)
    /// Backing stores on their way out, as pools are.
    var leavingBackings: [(log: BackingLog, number: Int, epoch: UInt64)] = []
    /// Backing stores that are being closed, by their paths.
    var closingBackings: [ByteText] = []
    /// By worker and compressor, the codecs that workers use from the next state on. Empty where
    /// there is no worker.
    var codecs: [[WorkerCodec?]]

    /// No worker yet.
    init(state: StoreState, pools: [Zpool?], configuration: PoolConfiguration) {
        self.state = state
        coldCompressor = state.cold.compressor
        self.pools = pools
        self.configuration = configuration
        codecs = Array(repeating: [], count: Limits.workersMax)
    }

    /// The pool that new pages go to.
    var currentPool: Zpool {
        guard let pool = pools[state.currentGeneration] else {
            unreachable("the current generation has no pool")
        }
        return pool
    }

    /// Whether new pages or cold ones go to this generation.
    func takesPages(_ generation: Int) -> Bool {
        generation == state.hot.generation || generation == state.cold.generation
    }

    /// A generation that no pool has, in any state that a worker may hold.
    var freeGeneration: Int? {
        (1..<Limits.poolsMax).first { generation in
            pools[generation] == nil && !leaving.contains { $0.generation == generation }
        }
    }
}

extension SwapStore {
    /// Makes a state the one in force: these parts of it are new.
    func publish(
        _ control: inout StoreControl, tunables: Tunables? = nil, pools: [Zpool?]? = nil,
        generation: Int? = nil, compressor: Int? = nil, backing: Int? = nil
    ) {
        let old = control.state
        control.pools = pools ?? control.pools
        control.state = StoreState(
            number: old.number + 1, tunables: tunables ?? old.tunables,
            totalByteCount: totalByteCount, allowedByteCount: control.allowedByteCount,
            pools: control.pools,
            currentGeneration: generation ?? old.currentGeneration,
            currentCompressor: compressor ?? old.currentCompressor,
            coldGeneration: control.coldGeneration, coldCompressor: control.coldCompressor,
            backings: control.backings,
            currentBacking: backing ?? old.currentBacking)
        let isPoolAsked = control.state.tunables.reclaim == .pool
        for pool in control.pools { pool?.keepLRU(isPoolAsked) }
        record[.currentGeneration] = UInt64(control.state.currentGeneration)
        record[.currentCompressor] = UInt64(control.state.currentCompressor)
        putInForce(control)
    }
}
