import Arena
public import Backing
import Compressors
import Synchronization
public import ZPool
public import ZswapCore

/// Why a setting was refused; the old value stays.
public enum SettingError: Error, Equatable, Sendable {
    /// No driver of that name.
    case unknownZpool(String)
    /// No compressor of that name.
    case unknownCompressor(String)
    /// No area of that name.
    case unknownArea(ByteText)
    /// The compressor of new pages does not go by that level: these it has, or none.
    case noSuchLevel(Int, compressor: String, range: ClosedRange<Int>?)
    /// The driver could not make a pool.
    case poolFailed(ZpoolError)
    /// No memory for the store itself.
    case outOfMemory
    /// 255 pools are draining already.
    case tooManyPools
    /// The path can't be the backing store.
    case backing(BackingError)
    /// The path was not opened in time.
    case backingNotOpened
    /// As many backing stores as there may be still have pages.
    case tooManyBackings
}

/// The state in force, the pools that it names, and pools on their way out. Behind the store's
/// `control` lock.
struct StoreControl: Sendable {
    var state: StoreState
    /// By generation, what `state` names: here they are kept alive.
    var pools: [Zpool?]
    /// What new pools are told.
    var configuration: PoolConfiguration
    /// Most bytes that pools may take by what the process may have; nil: only the tunables count.
    var allowedByteCount: UInt64?
    /// Epoch after which no worker stores into a pool that is not the current one.
    var switchEpoch: UInt64 = 0
    /// Pools that the state in force does not name any more; destroyed after the epoch. Until then
    /// a worker may hold an older state that does, so the generation goes to no other pool: that
    /// worker would look for the other's objects in this one.
    var leaving: [(pool: Zpool, generation: Int, epoch: UInt64)] = []
    /// By number, the backing stores that `state` names.
    var backings = [BackingLog?](repeating: nil, count: Limits.backingsMax)
    /// Epoch after which nobody writes to a backing store that is not the current one.
    var backingSwitchEpoch: UInt64 = 0
    /// By number, how often a backing store is held by who works with it at this moment.
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

    /// A generation that no pool has, in any state that a worker may hold.
    var freeGeneration: Int? {
        (1..<Limits.poolsMax).first { generation in
            pools[generation] == nil && !leaving.contains { $0.generation == generation }
        }
    }
}

/// Changing what the store does while it runs.
extension SwapStore {
    static func makePool(
        _ type: String, _ arena: Arena, _ zpools: ZpoolRegistry,
        _ configuration: PoolConfiguration, _ user: any PoolUser
    ) throws(SettingError) -> Zpool {
        do {
            return try zpools.makeZpool(
                type: type, in: arena, configuration: configuration, user: user)
        } catch ZpoolError.unknownDriver {
            throw .unknownZpool(type)
        } catch {
            throw .poolFailed(error)
        }
    }

    /// The tunables in force.
    public var tunables: Tunables { control.withLock { $0.state.tunables } }

    /// Changes tunables; requests that start from now on see all of the change.
    public func update(_ change: (inout Tunables) -> Void) {
        control.withLock { control in
            var tunables = control.state.tunables
            change(&tunables)
            publish(&control, tunables: tunables)
        }
        // Whoever waits for room looks again: the limit may be another one.
        roomRequests.noteProgress()
        currentObserver?.tunablesChanged()
    }

    /// Sets the most bytes that pools may take because the process may have no more memory than
    /// that; nil: only the tunables count. For who watches the process's memory groups.
    public func setAllowance(byteCount: UInt64?) {
        let isNew = control.withLock { control in
            control.allowedByteCount = byteCount
            let old = control.state
            let limit = MemoryLimit(
                totalByteCount: totalByteCount, tunables: old.tunables,
                allowedByteCount: byteCount)
            guard limit != old.limit else { return false }
            publish(&control)
            return true
        }
        if isNew { roomRequests.noteProgress() }
    }

    /// Where the pools would stop by the tunables alone, in bytes.
    public var tunedLimitByteCount: Int {
        let limit = MemoryLimit(
            totalByteCount: totalByteCount, tunables: tunables, allowedByteCount: nil)
        return limit.frameCountMax * Page.byteCount
    }

    /// What the process's memory groups allow the pools, in bytes; nil: as much as they want.
    public var allowedPoolByteCount: UInt64? { control.withLock { $0.allowedByteCount } }

    /// The driver that new pages go to.
    public var zpoolType: String { control.withLock { $0.currentPool.type } }
    /// The drivers that can be chosen.
    public var availableZpools: [String] { zpools.types }

    /// Most frames in a zspage of zsmalloc, for pools that are made from now on.
    public var chainLength: Int { control.withLock { $0.configuration.chainLength } }

    /// New pages go to this driver from now on. Pages stored before stay where they are; their pool
    /// goes with its last page. A pool of that driver that was told the same and is still draining
    /// is used again.
    public func setZpool(_ type: String) throws(SettingError) {
        try usePool { _ in type }
    }

    /// The chain length of zsmalloc from now on, one of ``Limits/chainLengths``. If the driver in
    /// force heeds it, new pages go to another pool, as if the driver had changed; else it waits
    /// until such a driver is chosen.
    public func setChainLength(_ frameCount: Int) throws(SettingError) {
        invariant(Limits.chainLengths.contains(frameCount))
        try usePool { control in
            control.configuration.chainLength = frameCount
            return control.currentPool.type
        }
    }

    /// New pages go to a pool of the driver that `choose` names, made with the configuration that
    /// it leaves. Refused: the configuration is the old one.
    private func usePool(_ choose: (inout StoreControl) -> String) throws(SettingError) {
        housekeep()
        let outcome = control.withLock { control -> Result<Bool, SettingError> in
            let old = control.configuration
            do throws(SettingError) {
                return .success(try usePool(choose(&control), &control))
            } catch {
                control.configuration = old
                return .failure(error)
            }
        }
        if try outcome.get() { currentObserver?.newPagesChanged() }
    }

    /// True: new pages go to another pool than before.
    private func usePool(
        _ type: String, _ control: inout StoreControl
    ) throws(SettingError) -> Bool {
        guard let configuration = zpools.configuration(control.configuration, for: type) else {
            throw .unknownZpool(type)
        }
        var pools = control.pools
        let known = pools.firstIndex { $0?.type == type && $0?.configuration == configuration }
        if known == control.state.currentGeneration { return false }
        let generation: Int
        if let known {
            generation = known
        } else {
            generation = try makeGeneration(type, configuration, control, &pools)
        }
        publish(&control, pools: pools, generation: generation)
        control.switchEpoch = arena.quiescence.advance()
        return true
    }

    /// Adds a pool in a free generation, and tells which.
    private func makeGeneration(
        _ type: String, _ configuration: PoolConfiguration, _ control: StoreControl,
        _ pools: inout [Zpool?]
    ) throws(SettingError) -> Int {
        guard let free = control.freeGeneration else { throw .tooManyPools }
        // It stays for long: afterwards areas can still be made.
        guard HeapReserve.hasPieces(byteCount: 3 * HeapReserve.standardByteCount) else {
            throw .outOfMemory
        }
        let pool = try Self.makePool(type, arena, zpools, configuration, movers[free])
        do {
            try payloadTally.makeRoom(for: free)
        } catch {
            throw .outOfMemory
        }
        record.announce(pool, as: free)
        pools[free] = pool
        return free
    }

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
            currentCompressor: compressor ?? old.currentCompressor, backings: control.backings,
            currentBacking: backing ?? old.currentBacking)
        let isPoolAsked = control.state.tunables.reclaim == .pool
        for pool in control.pools { pool?.keepLRU(isPoolAsked) }
        record[.currentGeneration] = UInt64(control.state.currentGeneration)
        record[.currentCompressor] = UInt64(control.state.currentCompressor)
        putInForce(control)
    }

    /// Lets drained pools, backing stores and replaced codecs go. True while a pool or backing
    /// store is draining, so that somebody should call again.
    ///
    /// Two steps: a pool that nobody stores into any more and that is empty leaves the state; when
    /// no worker can have the old state any more it is destroyed.
    @discardableResult
    public func housekeep() -> Bool {
        published.freeReplaced()
        closeBackings()
        return control.withLock { control in
            control.leaving.removeAll { pool, generation, epoch in
                guard arena.quiescence.hasPassed(epoch) else { return false }
                pool.destroy()
                record.poolType(generation).write("")
                return true
            }
            let drained = drainedGenerations(control)
            if !drained.isEmpty {
                let old = control.pools
                var pools = old
                for generation in drained { pools[generation] = nil }
                publish(&control, pools: pools)
                let epoch = arena.quiescence.advance()
                control.leaving += drained.compactMap { generation in
                    old[generation].map { ($0, generation, epoch) }
                }
            }
            let isDraining = control.pools.count { $0 != nil } > 1
            return letBackingsGo(&control) || isDraining || !control.leaving.isEmpty
        }
    }

    /// Pools that are not the current one, that nobody stores into any more, and that hold nothing.
    private func drainedGenerations(_ control: StoreControl) -> [Int] {
        guard arena.quiescence.hasPassed(control.switchEpoch) else { return [] }
        return control.pools.indices.filter { generation in
            generation != control.state.currentGeneration
                && control.pools[generation]?.totalByteCount == 0
        }
    }

    /// The pools of drivers there are, the current one and those that drain.
    public var pools: [StorePool] {
        control.withLock { control in
            control.pools.enumerated().compactMap { generation, pool in
                pool.map {
                    StorePool(
                        $0, generation: generation,
                        isCurrent: generation == control.state.currentGeneration, payloadTally)
                }
            }
        }
    }

    /// Everything that holds frames for objects: the raw frames, if there are any, and the pools.
    public var holders: [StorePool] {
        let takesRawPages = control.withLock { $0.state.takesRawPages }
        let raw = StorePool(rawFramesAreCurrent: !takesRawPages, payloadTally)
        return (raw.payloadByteCount > 0 ? [raw] : []) + pools
    }
}
