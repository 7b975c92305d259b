import Arena
import Synchronization
import Threads
public import ZswapCore

/// Areas as files of the root directory.
extension SwapStore {
    /// Creates an empty area. Throws `alreadyExists`, `invalidName`, `nameTooLong`, `tooManyAreas`,
    /// `outOfMemory`.
    public func createArea(
        name: ByteText, mode: UInt32, userID: UInt32, groupID: UInt32
    ) throws(StoreError) -> Area {
        let area = try directory.create(name: name) { slot, record throws(StoreError) in
            let now = WallClock.now()
            do {
                let table = try PageTable(in: arena)
                let tally: CounterBlock
                do {
                    tally = try CounterBlock(in: arena, wordsPerWorker: AreaTally.allCases.count)
                } catch {
                    table.destroy()
                    throw error
                }
                arena.storeWord(0, at: record.sizeOffset)
                record.mode = mode
                record.userID = userID
                record.groupID = groupID
                record.birth = WallClock.nanoseconds()
                record.accessed = now
                record.modified = now
                record.changed = now
                record.refusedPageCount = 0
                record.setBackedBytes(0)
                record.lookupCount = 0
                inheritAll(in: record)
                record.root = table.root
                record.counters = tally.run.rawValue
                let area = Area(slot: slot, record: record, table: table, tally: tally)
                deepInvariant(area.isBalanced, "a new area counts pages")
                deepInvariant(area.size == 0, "a new area has a length")
                return area
            } catch {
                throw .outOfMemory
            }
        }
        noteNamesChanged()
        return area
    }

    /// The area of that name.
    public func area(named name: ByteText) -> Area? { directory.area(named: name) }
    /// The area in that slot, linked or not.
    public func area(slot: Int) -> Area? { directory.area(slot: slot) }
    /// The same without a lock, for a worker that is not inside a request. O(1).
    public func area(slot: Int, by worker: StoreWorker) -> Area? {
        directory.area(slot: slot, by: worker.number)
    }
    /// Whether the area has a name.
    public func isLinked(_ area: Area) -> Bool { directory.isLinked(slot: area.slot) }
    /// Every area that has a name, in the order of their slots.
    public var areas: [(name: ByteText, area: Area)] {
        directory.withHoldings { $0.filter(\.isLinked).map { ($0.name, $0.area) } }
    }
    /// Number of areas, unlinked ones that are open or looked up included.
    public var areaCount: Int { directory.slotCount }
    /// Reports of all areas that have a name, in the order of their slots. O(areas).
    public var areaReports: [AreaReport] {
        directory.withHoldings { $0.filter(\.isLinked).map { AreaReport($0.name, $0.area) } }
    }
    /// Reports of all areas that are open, unlinked ones included. O(areas).
    public var openAreaReports: [AreaReport] {
        directory.withHoldings { holdings in
            holdings.filter(\.isOpen).map {
                AreaReport($0.name, isLinked: $0.isLinked, $0.area)
            }
        }
    }
    /// Whether the area is open. A loop device keeps its file open.
    public func isOpen(_ area: Area) -> Bool { directory.isOpen(slot: area.slot) }
    /// The report of the area of that name; nil if no area has it.
    public func areaReport(named name: ByteText) -> AreaReport? {
        directory.withHolding(named: name) { AreaReport(name, $0.area) }
    }

    /// Rises when a slot gets another area, so that a cache of slots knows when it is stale.
    public var areaRevision: UInt64 { directory.revision.load(ordering: .acquiring) }

    /// Makes the area at least this long. Throws `tooLarge`.
    public func extend(_ area: Area, to end: UInt64) throws(StoreError) {
        guard end <= Limits.areaByteCountMax else { throw .tooLarge }
        area.extend(to: end)
    }

    /// Takes the name away. The area's pages are discarded with its last close.
    public func unlinkArea(name: ByteText, by worker: StoreWorker) throws(StoreError) {
        let (area, disposal) = try directory.unlink(name: name)
        noteNamesChanged()
        dispose(of: area, disposal, worker)
    }

    /// Gives an area another name; with `replaces`, an area that has that name is unlinked.
    public func renameArea(
        from old: ByteText, to new: ByteText, replaces: Bool, by worker: StoreWorker
    ) throws(StoreError) {
        if let displaced = try directory.rename(from: old, to: new, replaces: replaces) {
            dispose(of: displaced.area, displaced.disposal, worker)
        }
        noteNamesChanged()
    }

    /// Counts a look-up, to be taken back by ``forget(_:count:by:)``.
    public func noteLookup(_ area: Area) { directory.noteLookup(slot: area.slot) }
    /// Takes look-ups back.
    public func forget(slot: Int, count: UInt64, by worker: StoreWorker) {
        guard let (area, disposal) = directory.forget(slot: slot, count: count) else { return }
        dispose(of: area, disposal, worker)
    }
    /// Counts an open file that the kernel knows by this handle; once, however often it is said.
    /// Throws `tooManyOpenFiles`, `outOfMemory`.
    public func open(_ area: Area, handle: UInt64) throws(StoreError) {
        try directory.open(slot: area.slot, handle: handle)
    }
    /// Takes the open file of a handle back; nothing happens if there is none.
    public func close(handle: UInt64, by worker: StoreWorker) {
        guard let (area, disposal) = directory.close(handle: handle) else { return }
        dispose(of: area, disposal, worker)
    }
    /// Counts an open file.
    public func open(_ area: Area) { directory.open(slot: area.slot) }
    /// Takes an open file back.
    public func close(_ area: Area, by worker: StoreWorker) {
        guard let (area, disposal) = directory.close(slot: area.slot) else { return }
        dispose(of: area, disposal, worker)
    }

    /// Changes metadata other than the size.
    public func setAttributes(
        of area: Area, mode: UInt32? = nil, userID: UInt32? = nil, groupID: UInt32? = nil,
        accessed: FileTime? = nil, modified: FileTime? = nil
    ) {
        let record = area.record
        if let mode { record.mode = mode }
        if let userID { record.userID = userID }
        if let groupID { record.groupID = groupID }
        if let accessed { record.accessed = accessed }
        if let modified { record.modified = modified }
        record.changed = WallClock.now()
    }

    func dispose(
        of area: Area, _ first: AreaHolding.Disposal, _ worker: StoreWorker
    ) {
        var disposal = first
        while disposal == .discardPages {
            begin(worker)
            discardPages(PageNumber(0), PageNumber(Limits.areaPageCountMax), of: area, worker)
            end(worker)
            disposal = directory.finishDiscarding(slot: area.slot)
        }
        if disposal == .remove { remove(area) }
    }

    private func remove(_ area: Area) {
        invariant(area.isBalanced, "an area went with pages uncounted")
        invariant(area.record.state == .unlinked, "an area is removed that has a name")
        area.record.root = nil
        // Out of the directory first: a thread that sums up areas there must not read freed
        // counters.
        directory.removeSlot(area.slot)
        area.table.destroy()
        arena.retireRun(area.tally.run, frameCount: area.tally.frameCount, from: .counters)
    }
}
