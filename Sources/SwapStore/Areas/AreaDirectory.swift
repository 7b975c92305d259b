import Arena
import Synchronization
import Threads
import ZswapCore

/// The areas by name and by slot, with their holders.
///
///     name ─► slot ─► AreaHolding ─► Area ─► AreaRecord in the arena
///     handle ─► slot                             served: slot ─► Area, without the lock
///
/// Law: of areas with a name, no two have the same. An area is in its slot until it is removed.
/// Lock: one, never held while pages are freed or memory is taken from a pool. Threads that serve
/// pages do not take it: they find an area in `served`.
final class AreaDirectory: Sendable {
    struct State: Sendable {
        var slots: [Int: AreaHolding] = [:]
        var slotByName: [ByteText: Int] = [:]
        var handles: OpenHandles
    }

    let records: AreaRecords
    let state: Lock<State>
    /// The areas by slot, for requests.
    let served: PublishedTable<Area>
    /// Rises when a slot comes to mean another area, or none.
    let revision = Atomic<UInt64>(0)

    init(in arena: Arena, record: StoreRecord) {
        AreaRecord.Fields.layout.check()
        records = AreaRecords(arena: arena)
        state = Lock(State(handles: OpenHandles(in: record)))
        served = PublishedTable(slotCount: Limits.areasMax, by: arena.quiescence)
    }

    /// Adds an area. `make` gets a free slot and its record; it runs under the lock and takes only
    /// table memory.
    func create(
        name: ByteText, make: (Int, AreaRecord) throws(StoreError) -> Area
    ) throws(StoreError) -> Area {
        try AreaName.check(name)
        let outcome: Result<Area, StoreError> = state.withLock { state in
            guard state.slotByName[name] == nil else { return .failure(.alreadyExists) }
            guard let slot = (0..<Limits.areasMax).first(where: { state.slots[$0] == nil }) else {
                return .failure(.tooManyAreas)
            }
            do throws(StoreError) {
                let record = try records.make(slot)
                let area = try make(slot, record)
                invariant(area.slot == slot, "an area is made for another slot")
                deepInvariant(record.root != nil, "an area is made without a table")
                record.name = name
                record.state = .linked
                state.slots[slot] = AreaHolding(area: area, name: name)
                state.slotByName[name] = slot
                served.set(area, at: slot)
                revision.add(1, ordering: .releasing)
                return .success(area)
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }

    func area(named name: ByteText) -> Area? {
        state.withLock { state in state.slotByName[name].flatMap { state.slots[$0]?.area } }
    }

    func area(slot: Int) -> Area? { state.withLock { $0.slots[slot]?.area } }

    /// The same without a lock, for a worker that is not inside a request.
    func area(slot: Int, by worker: WorkerNumber) -> Area? { served.value(at: slot, by: worker) }

    /// Slots that are taken.
    var slotCount: Int { state.withLock { $0.slots.count } }

    func isLinked(slot: Int) -> Bool { state.withLock { $0.slots[slot]?.isLinked ?? false } }

    /// Pages and bytes of all areas, unlinked ones that are open among them. Under the lock, since
    /// an area's counters go back to the arena once it is out of the directory.
    var statistics: AreaStatistics {
        state.withLock { $0.slots.values.reduce(AreaStatistics()) { $0 + $1.area.statistics } }
    }

    /// Lends all areas, in the order of their slots. Under the lock, for the same reason.
    func withHoldings<R: Sendable>(_ body: ([AreaHolding]) -> R) -> R {
        state.withLock { body($0.slots.values.sorted { $0.area.slot < $1.area.slot }) }
    }

    func isOpen(slot: Int) -> Bool { state.withLock { $0.slots[slot]?.isOpen ?? false } }

    /// Lends the area of that name; nil: there is none. Under the lock, so that the slot does not
    /// go to another area meanwhile.
    func withHolding<R: Sendable>(named name: ByteText, _ body: (AreaHolding) -> R) -> R? {
        state.withLock { state in
            state.slotByName[name].flatMap { state.slots[$0] }.map(body)
        }
    }

    /// The same with its record.
    func withRecord<R: Sendable>(named name: ByteText, _ body: (AreaRecord) -> R) -> R? {
        withHolding(named: name) { body($0.area.record) }
    }

    /// Takes the name away.
    func unlink(name: ByteText) throws(StoreError) -> (area: Area, disposal: AreaHolding.Disposal) {
        let outcome = state.withLock { state -> (Area, AreaHolding.Disposal)? in
            guard let slot = state.slotByName.removeValue(forKey: name) else { return nil }
            deepInvariant(state.slots[slot]?.name == name, "a name leads to another's area")
            return unlink(slot: slot, &state)
        }
        guard let outcome else { throw .notFound }
        return outcome
    }

    /// Gives an area another name; an area that has it is unlinked.
    func rename(
        from old: ByteText, to new: ByteText, replaces: Bool
    ) throws(StoreError) -> (area: Area, disposal: AreaHolding.Disposal)? {
        try AreaName.check(new)
        let outcome: Result<(Area, AreaHolding.Disposal)?, StoreError> = state.withLock { state in
            guard let slot = state.slotByName[old] else { return .failure(.notFound) }
            invariant(state.slots[slot]?.isLinked == true, "a name leads to a removed area")
            deepInvariant(state.slots[slot]?.name == old, "a name leads to another's area")
            guard old != new else {
                state.slots[slot]?.area.record.changed = WallClock.now()
                return .success(nil)
            }
            let target = state.slotByName[new]
            invariant(target != slot, "an area has two names")
            guard target == nil || replaces else { return .failure(.alreadyExists) }
            // Named before the other one is unlinked: a process that ends in between leaves two
            // areas of that name, never none, and the successor takes the one named later.
            state.slots[slot]?.area.record.name = new
            state.slots[slot]?.area.record.changed = WallClock.now()
            let displaced = target.map { unlink(slot: $0, &state) }
            state.slotByName[old] = nil
            state.slotByName[new] = slot
            state.slots[slot]?.name = new
            return .success(displaced)
        }
        return try outcome.get()
    }

    /// Frees the slot of an area that was removed, and the memory of the records around it with the
    /// last of them.
    func removeSlot(_ slot: Int) {
        state.withLock { state in
            guard let holding = state.slots.removeValue(forKey: slot) else {
                unreachable("an area was removed twice")
            }
            invariant(!holding.mayHoldPages, "an area is removed that is in use")
            deepInvariant(!state.slotByName.values.contains(slot), "a removed area has a name")
            holding.area.record.state = .free
            served.remove(at: slot)
            revision.add(1, ordering: .releasing)
            records.release(around: slot) { state.slots[$0] != nil }
            state.slots.releaseExcess()
            state.slotByName.releaseExcess()
        }
    }

    func letGo(
        slot: Int, _ change: (inout AreaHolding) -> Void
    ) -> (area: Area, disposal: AreaHolding.Disposal)? {
        state.withLock { state in
            guard var holding = state.slots[slot] else { return nil }
            change(&holding)
            let disposal = holding.nextDisposal()
            state.slots[slot] = holding
            return (holding.area, disposal)
        }
    }

    private func unlink(slot: Int, _ state: inout State) -> (Area, AreaHolding.Disposal) {
        guard var holding = state.slots[slot] else {
            unreachable("a name leads to a slot without an area")
        }
        invariant(holding.isLinked, "an area loses its name twice")
        holding.isLinked = false
        // Under the lock: without it another thread may free the record first.
        holding.area.record.state = .unlinked
        holding.area.record.changed = WallClock.now()
        let disposal = holding.nextDisposal()
        state.slots[slot] = holding
        return (holding.area, disposal)
    }
}
