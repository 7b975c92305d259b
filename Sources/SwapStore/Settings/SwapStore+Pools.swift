import Arena
import Threads
import ZPool
import ZswapCore

/// The pools: the one that new pages go to, and those that drain.
///
///     free ──chosen──► current ──another chosen──► draining ──empty──► leaving ──► free
///                         ◄──────chosen again──────┘
///
/// Law: exactly one generation is current, and one takes cold pages, mostly the same. A pool leaves
/// the state when it is empty and no worker can store into it any more. It is destroyed, and its
/// generation is free, when no worker can have a state that names it.
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

    /// The driver that new pages go to.
    public var zpoolType: String { control.withLock { $0.currentPool.type } }
    /// The drivers that can be chosen.
    public var availableZpools: [String] { zpools.types }

    /// Most frames in a zspage of zsmalloc, for pools that are made from now on.
    public var chainLength: Int { control.withLock { $0.configuration.chainLength } }

    /// New pages go to this driver from now on. Pages stored before stay where they are; their pool
    /// goes with its last page. If a pool of that driver with the same configuration is still
    /// draining, it is used again.
    public func setZpool(_ type: String) throws(SettingError) {
        try usePool { _ in type }
    }

    /// Sets the chain length of zsmalloc, one of ``Limits/chainLengths``, in frames. If the current
    /// driver uses it, new pages go to another pool, as after a change of the driver; else it takes
    /// effect when zsmalloc is chosen.
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
        try changePools { control throws(SettingError) in
            let old = control.configuration
            do throws(SettingError) {
                return try usePool(choose(&control), &control)
            } catch {
                control.configuration = old
                throw error
            }
        }
    }

    /// The driver of cold pages; nil: they go where new pages go.
    public var coldZpoolType: String? {
        control.withLock { control in
            control.coldGeneration.flatMap { control.pools[$0]?.type }
        }
    }

    /// Cold pages go to this driver from now on; nil: to the pool of new pages.
    public func setColdZpool(_ type: String?) throws(SettingError) {
        try changePools { control throws(SettingError) in
            var pools = control.pools
            let old = control.state.cold.generation
            let generation = try type.map { type throws(SettingError) in
                try self.generation(of: type, control, &pools)
            }
            control.coldGeneration = generation
            publish(&control, pools: pools)
            control.switchEpoch = arena.quiescence.advance()
            return control.state.cold.generation != old
        }
    }

    /// Changes which pools take pages. `change` returns whether it did.
    private func changePools(
        _ change: (inout StoreControl) throws(SettingError) -> Bool
    ) throws(SettingError) {
        releaseDrained()
        let outcome = control.withLock { control -> Result<Bool, SettingError> in
            do throws(SettingError) {
                return .success(try change(&control))
            } catch {
                return .failure(error)
            }
        }
        if try outcome.get() { currentObserver?.newPagesChanged() }
    }

    /// True: new pages go to another pool than before.
    private func usePool(
        _ type: String, _ control: inout StoreControl
    ) throws(SettingError) -> Bool {
        var pools = control.pools
        let generation = try generation(of: type, control, &pools)
        if generation == control.state.currentGeneration { return false }
        publish(&control, pools: pools, generation: generation)
        control.switchEpoch = arena.quiescence.advance()
        return true
    }

    /// The generation of a pool of this driver with the present configuration, which is added if
    /// there is none.
    private func generation(
        of type: String, _ control: StoreControl, _ pools: inout [Zpool?]
    ) throws(SettingError) -> Int {
        guard let configuration = zpools.configuration(control.configuration, for: type) else {
            throw .unknownZpool(type)
        }
        let known = pools.firstIndex { $0?.type == type && $0?.configuration == configuration }
        if let known { return known }
        return try makeGeneration(type, configuration, control, &pools)
    }

    /// Adds a pool in a free generation, and returns the generation.
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

    /// Frees drained pools, backing stores and replaced codecs. True while a pool or backing store
    /// is draining; the caller calls again later.
    ///
    /// Two steps: an empty pool that no worker can store into any more leaves the state. It is
    /// destroyed when no worker can have the old state any more.
    @discardableResult
    public func releaseDrained() -> Bool {
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
            let isDraining = control.pools.indices.contains {
                control.pools[$0] != nil && !control.takesPages($0)
            }
            return letBackingsGo(&control) || isDraining || !control.leaving.isEmpty
        }
    }

    /// Pools that take neither new pages nor cold ones, that no worker can store into any more, and
    /// that are empty.
    private func drainedGenerations(_ control: StoreControl) -> [Int] {
        guard arena.quiescence.hasPassed(control.switchEpoch) else { return [] }
        return control.pools.indices.filter { generation in
            !control.takesPages(generation) && control.pools[generation]?.totalByteCount == 0
        }
    }

    /// The pools of drivers there are, the current one and those that drain.
    public var pools: [StorePool] {
        control.withLock { control in
            control.pools.enumerated().compactMap { generation, pool in
                pool.map {
                    StorePool(
                        $0, generation: generation,
                        isCurrent: control.takesPages(generation), payloadTally)
                }
            }
        }
    }

    /// Everything that holds frames for objects: the raw frames, if there are any, and the pools.
    public var holders: [StorePool] {
        let takesRawPages = control.withLock { $0.state.hot.takesRawPages }
        let raw = StorePool(rawFramesAreCurrent: !takesRawPages, payloadTally)
        return (raw.payloadByteCount > 0 ? [raw] : []) + pools
    }
}
