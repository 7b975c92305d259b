import Arena
import Synchronization
import Threads
import ZswapCore

/// The areas by name and by slot, and how often each is held.
///
///     userBlock of the arena: | run of 64 records  | run | 0 | ...      records: see AreaRecord
///
/// Law: an area lives while it is linked, open, or looked up. Its pages go when it is neither
/// linked nor open; its slot, and with it the inode number, when nobody has it looked up either.
/// Lock: one, never held while pages are freed or memory is taken from a pool, and never taken by
/// those who serve pages: they find an area in `served`.
final class AreaDirectory: Sendable {
    /// What has to be done with an area that somebody let go of; by the caller, without the lock.
    /// Who is told to discard tells when that is done and is told what comes next; meanwhile nobody
    /// else is told anything, so that an area is emptied and removed by one thread at a time, and
    /// removed once.
    enum Disposal { case none, discardPages, remove }

    struct Holding: Sendable {
        let area: Area
        var name: ByteText
        var isLinked = true
        var openCount = 0
        /// In the record, too, for a successor.
        var lookupCount: UInt64 = 0 {
            didSet { area.record.lookupCount = lookupCount }
        }
        /// Nobody had it open since its pages were last discarded.
        var isEmptied = false
        /// Somebody is discarding its pages or removing it.
        var isInDisposal = false

        var mayHoldPages: Bool { isLinked || openCount > 0 }
    }

    struct State: Sendable {
        var slots: [Int: Holding] = [:]
        var slotByName: [ByteText: Int] = [:]
        var handles: OpenHandles
    }

    static let recordsPerRun =
        Limits.runFrameCountMax * Page.byteCount / AreaRecord.byteCount

    let arena: Arena
    let state: Mutex<State>
    /// The areas by slot, for requests.
    let served: PublishedTable<Area>
    /// Rises when a slot comes to mean another area, or none.
    let revision = Atomic<UInt64>(0)

    init(in arena: Arena, record: StoreRecord) {
        AreaRecord.Fields.layout.check()
        self.arena = arena
        state = Mutex(State(handles: OpenHandles(in: record)))
        served = PublishedTable(slotCount: Limits.areasMax, by: arena.quiescence)
    }

    /// Names that the root directory keeps for itself.
    static let reservedNames: Set<ByteText> = ["params", "stats"]

    static func check(name: ByteText) throws(StoreError) {
        guard name.byteCount <= Limits.areaNameByteCountMax else { throw .nameTooLong }
        guard !name.isEmpty, name != ".", name != "..", !reservedNames.contains(name),
            !name.contains("/"), !name.contains("\0")
        else { throw .invalidName }
    }

    /// Adds an area. `make` gets a free slot and its record; it runs under the lock and takes only
    /// table memory.
    func create(
        name: ByteText, make: (Int, AreaRecord) throws(StoreError) -> Area
    ) throws(StoreError) -> Area {
        try Self.check(name: name)
        let outcome: Result<Area, StoreError> = state.withLock { state in
            guard state.slotByName[name] == nil else { return .failure(.alreadyExists) }
            guard let slot = (0..<Limits.areasMax).first(where: { state.slots[$0] == nil }) else {
                return .failure(.tooManyAreas)
            }
            do throws(StoreError) {
                let record = try makeRecord(slot)
                let area = try make(slot, record)
                record.name = name
                record.state = .linked
                state.slots[slot] = Holding(area: area, name: name)
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

    /// Name and area of all that are linked, in the order of their slots.
    var linked: [(name: ByteText, area: Area)] {
        state.withLock { state in
            state.slots.values.filter(\.isLinked).sorted { $0.area.slot < $1.area.slot }
                .map { ($0.name, $0.area) }
        }
    }

    /// What all areas hold, unlinked ones that are still open among them. Under the lock, since an
    /// area's counters go back to the arena once it is out of the directory.
    var statistics: AreaStatistics {
        state.withLock { $0.slots.values.reduce(AreaStatistics()) { $0 + $1.area.statistics } }
    }

    /// What can be said of the areas that are linked, in the order of their slots.
    var reports: [AreaReport] {
        state.withLock { state in
            state.slots.values.filter(\.isLinked).sorted { $0.area.slot < $1.area.slot }
                .map { AreaReport($0.name, $0.area) }
        }
    }

    /// The same of those that are open, removed ones among them.
    var openReports: [AreaReport] {
        state.withLock { state in
            state.slots.values.filter { $0.openCount > 0 }.sorted { $0.area.slot < $1.area.slot }
                .map { AreaReport($0.name, isLinked: $0.isLinked, $0.area) }
        }
    }

    func isOpen(slot: Int) -> Bool {
        state.withLock { state in state.slots[slot].map { $0.openCount > 0 } ?? false }
    }

    /// What can be said of one.
    func report(named name: ByteText) -> AreaReport? {
        state.withLock { state in
            state.slotByName[name].flatMap { state.slots[$0] }.map { AreaReport(name, $0.area) }
        }
    }

    /// Lends the record of the area of that name; nil: there is none. Under the lock, so that the
    /// slot does not go to another area meanwhile.
    func withRecord<R: Sendable>(named name: ByteText, _ body: (AreaRecord) -> R) -> R? {
        state.withLock { state in
            state.slotByName[name].flatMap { state.slots[$0] }.map { body($0.area.record) }
        }
    }

    /// Takes the name away.
    func unlink(name: ByteText) throws(StoreError) -> (area: Area, disposal: Disposal) {
        let outcome = state.withLock { state -> (Area, Disposal)? in
            guard let slot = state.slotByName.removeValue(forKey: name) else { return nil }
            return unlink(slot: slot, &state)
        }
        guard let outcome else { throw .notFound }
        return outcome
    }

    /// Gives an area another name; an area that has it is unlinked.
    func rename(
        from old: ByteText, to new: ByteText, replaces: Bool
    ) throws(StoreError) -> (area: Area, disposal: Disposal)? {
        try Self.check(name: new)
        let outcome: Result<(Area, Disposal)?, StoreError> = state.withLock { state in
            guard let slot = state.slotByName[old] else { return .failure(.notFound) }
            guard old != new else {
                state.slots[slot]?.area.record.changed = WallClock.now()
                return .success(nil)
            }
            let target = state.slotByName[new]
            guard target == nil || replaces else { return .failure(.alreadyExists) }
            // Named before the other one is unlinked: a process that ends in between leaves two of
            // that name, of which the later one is taken, and never none.
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

    /// Counts a look-up that the kernel will forget some time.
    func noteLookup(slot: Int) { state.withLock { $0.slots[slot]?.lookupCount += 1 } }

    /// Takes look-ups back.
    func forget(slot: Int, count: UInt64) -> (area: Area, disposal: Disposal)? {
        letGo(slot: slot) { $0.lookupCount -= min(count, $0.lookupCount) }
    }

    /// Counts an open file.
    func open(slot: Int) {
        state.withLock { state in
            state.slots[slot]?.openCount += 1
            state.slots[slot]?.isEmptied = false
        }
    }

    /// Counts an open file that the kernel knows by this handle; once, however often it is said.
    /// Throws `tooManyOpenFiles`, `outOfMemory`.
    func open(slot: Int, handle: UInt64) throws(StoreError) {
        let outcome = state.withLock { state -> Result<Void, StoreError> in
            do throws(StoreError) {
                guard state.slots[slot] != nil, try state.handles.add(handle, slot: slot) else {
                    return .success(())
                }
            } catch {
                return .failure(error)
            }
            state.slots[slot]?.openCount += 1
            state.slots[slot]?.isEmptied = false
            return .success(())
        }
        try outcome.get()
    }

    /// Takes the open file of this handle back; nothing happens if there is none.
    func close(handle: UInt64) -> (area: Area, disposal: Disposal)? {
        let slot = state.withLock { $0.handles.remove(handle) }
        return slot.flatMap { close(slot: $0) }
    }

    /// Holds the area in this slot as if it were open, until ``close(slot:)``. Nil when there is
    /// none, or one that nobody can have pages in.
    func hold(slot: Int) -> Area? { state.withLock { Self.hold(slot, &$0) } }

    /// Holds the first area at or after this slot. O(1) when it is the slot's own.
    func hold(from slot: Int) -> Area? {
        state.withLock { state in
            if let area = Self.hold(slot, &state) { return area }
            let later = state.slots.filter { $0.key > slot && $0.value.mayHoldPages }
            return later.keys.min().flatMap { Self.hold($0, &state) }
        }
    }

    private static func hold(_ slot: Int, _ state: inout State) -> Area? {
        guard let holding = state.slots[slot], holding.mayHoldPages else { return nil }
        state.slots[slot]?.openCount += 1
        state.slots[slot]?.isEmptied = false
        return holding.area
    }

    /// Takes an open file back. A request may say so of one that nobody has open: nothing happens.
    func close(slot: Int) -> (area: Area, disposal: Disposal)? {
        letGo(slot: slot) { holding in
            if holding.openCount > 0 { holding.openCount -= 1 }
        }
    }

    /// The pages are discarded; what comes next.
    func finishDiscarding(slot: Int) -> Disposal {
        letGo(slot: slot) { $0.isInDisposal = false }?.disposal ?? .none
    }

    /// Frees the slot of an area that was removed, and the memory of the records around it with the
    /// last of them.
    func removeSlot(_ slot: Int) {
        state.withLock { state in
            guard let holding = state.slots.removeValue(forKey: slot) else {
                unreachable("an area was removed twice")
            }
            invariant(!holding.isLinked && holding.openCount == 0)
            holding.area.record.state = .free
            served.remove(at: slot)
            revision.add(1, ordering: .releasing)
            releaseRecords(around: slot, state)
            state.slots.releaseExcess()
            state.slotByName.releaseExcess()
        }
    }

    /// Gives back the run of records that holds this slot's, unless one of them is in use. Whoever
    /// found it before may look at it until it has passed a quiescent point.
    private func releaseRecords(around slot: Int, _ state: State) {
        let run = slot / Self.recordsPerRun
        let first = run * Self.recordsPerRun
        guard (first..<first + Self.recordsPerRun).allSatisfy({ state.slots[$0] == nil }) else {
            return
        }
        let word = UserBlock.areaRecordRun(run)
        let number = RunNumber(rawValue: UInt32(arena.loadWord(at: word)))
        arena.storeWord(0, at: word)
        arena.retireRun(number, frameCount: Limits.runFrameCountMax, from: .directory)
    }

    /// The record of a slot, if there is memory for it: without the lock, for whoever finds an
    /// owner in an object.
    func record(slot: Int) -> AreaRecord? {
        // Damage may name any.
        guard slot >= 0, slot < Limits.areasMax else { return nil }
        let (run, index) = slot.quotientAndRemainder(dividingBy: Self.recordsPerRun)
        let number = arena.loadWord(at: UserBlock.areaRecordRun(run))
        guard number != 0 else { return nil }
        let start = arena.offset(
            of: RunNumber(rawValue: UInt32(number)), frameCount: Limits.runFrameCountMax)
        return AreaRecord(arena: arena, start: start + index * AreaRecord.byteCount)
    }

    func letGo(
        slot: Int, _ change: (inout Holding) -> Void
    ) -> (area: Area, disposal: Disposal)? {
        state.withLock { state in
            guard var holding = state.slots[slot] else { return nil }
            change(&holding)
            let disposal = Self.disposal(&holding)
            state.slots[slot] = holding
            return (holding.area, disposal)
        }
    }

    private func unlink(slot: Int, _ state: inout State) -> (Area, Disposal) {
        guard var holding = state.slots[slot] else {
            unreachable("a name leads to a slot without an area")
        }
        holding.isLinked = false
        // Under the lock: without it the record may belong to nobody a moment later.
        holding.area.record.state = .unlinked
        holding.area.record.changed = WallClock.now()
        let disposal = Self.disposal(&holding)
        state.slots[slot] = holding
        return (holding.area, disposal)
    }

    private static func disposal(_ holding: inout Holding) -> Disposal {
        guard !holding.isLinked, holding.openCount == 0, !holding.isInDisposal else {
            return .none
        }
        guard !holding.isEmptied || holding.lookupCount == 0 else { return .none }
        holding.isInDisposal = true
        guard holding.isEmptied else {
            holding.isEmptied = true
            return .discardPages
        }
        return .remove
    }

    private func makeRecord(_ slot: Int) throws(StoreError) -> AreaRecord {
        if let record = record(slot: slot) { return record }
        do {
            let run = try arena.takeRun(frameCount: Limits.runFrameCountMax, for: .directory)
            arena.clear(
                at: arena.offset(of: run, frameCount: Limits.runFrameCountMax),
                count: Limits.runFrameCountMax * Page.byteCount)
            arena.storeWord(
                UInt64(run.rawValue), at: UserBlock.areaRecordRun(slot / Self.recordsPerRun))
        } catch {
            throw .outOfMemory
        }
        guard let record = record(slot: slot) else {
            unreachable("a new run of records is not there")
        }
        return record
    }
}
