import Arena
import Synchronization
import Threads
import ZswapCore

/// One size class of a pool: what it is, which never changes, and its zspages behind their lock.
struct PoolClass: ~Copyable {
    let sizeClass: SizeClass
    let lists = ServingLock(ClassLists())
}

/// A pool of zsmalloc; what it is stands at ``ZsmallocDriver``.
///
/// Lock order: one class's lock, then a lane of the arena. No two classes are locked at once, and
/// none while a run is taken, since that may wait for the grower, nor while the user evicts.
final class ZsmallocPool: Pool, @unchecked Sendable {
    // Unchecked: the raw storage is set up once, and what changes in it is behind the classes'
    // locks.

    let arena: Arena
    let map: RunMap
    /// Weak, because a user owns its pools.
    weak let user: (any PoolUser)?
    let table: SizeClassTable
    /// Tells this pool's zspages from others' and from what an earlier process left; never 0.
    let number = UInt32.random(in: 1 ... .max)
    /// By place in the table. Raw storage, so that a call reaches its lock without counting
    /// references.
    let classes: UnsafeMutablePointer<PoolClass>
    /// By raw class: the place of the class that serves it. Raw storage, for the same reason.
    let places: UnsafeMutablePointer<UInt8>
    let frameCount = Atomic<Int>(0)
    /// Rises with each zspage that is opened or stays at reclaim.
    let clock = ZspageClock()
    let isCompacting = Atomic<Bool>(false)
    let compactedFrameCount = Atomic<Int>(0)
    let hugeByteCount: Int

    var classCount: Int { table.classes.count }
    var objectByteCountMax: Int { Page.byteCount }
    func roomByteCount(of byteCount: Int) -> Int {
        table.sizeClass(ofByteCount: byteCount).byteCount
    }
    var totalByteCount: Int { frameCount.load(ordering: .relaxed) * Page.byteCount }
    var compactedPageCount: Int { compactedFrameCount.load(ordering: .relaxed) }

    init(arena: Arena, table: SizeClassTable, user: (any PoolUser)?) {
        Zspage.Fields.layout.check()
        invariant(
            SizeClassTable.slotHeaderByteCount == MemoryLayout<SlotHeader>.size,
            "a header does not fill its part of a slot")
        invariant(
            table.places.allSatisfy { Int($0) < table.classes.count }, "a size has no class")
        self.arena = arena
        map = arena.runMap
        self.table = table
        self.user = user
        hugeByteCount = table.hugeByteCount
        classes = .allocate(capacity: table.classes.count)
        for (place, sizeClass) in table.classes.enumerated() {
            (classes + place).initialize(to: PoolClass(sizeClass: sizeClass))
        }
        places = .allocate(capacity: table.places.count)
        places.initialize(from: table.places, count: table.places.count)
    }

    deinit {
        classes.deinitialize(count: table.classes.count)
        classes.deallocate()
        places.deallocate()
    }

    func malloc(_ byteCount: Int) throws(ZpoolError) -> PoolHandle {
        invariant(byteCount > 0, "an object without a byte")
        invariant(byteCount <= Page.byteCount, "an object is longer than a page")
        // Safe: the raw index is below the number of raw classes, and `places` has one for each.
        let place = Int(places[SizeClassTable.rawIndex(ofByteCount: byteCount)])
        let pool = classes + place
        let found = pool.pointee.lists.withLock { takeSlot(place, &$0) }
        if let found { return found }
        let run = try takeRun(pool.pointee.sizeClass)
        return pool.pointee.lists.withLock { lists in
            let zspage = Zspage(run, in: map)
            zspage.open(poolNumber: number, classPlace: place)
            lists.insert(zspage, pool.pointee.sizeClass, map)
            return takeSlot(in: zspage, place, &lists)
        }
    }

    private func takeRun(_ sizeClass: SizeClass) throws(ZpoolError) -> RunNumber {
        do {
            let run = try arena.takeRun(frameCount: sizeClass.frameCount, for: .pool)
            invariant(run.rawValue != 0, "a handle of run 0 would be none")
            frameCount.add(sizeClass.frameCount, ordering: .relaxed)
            clock.tick()
            return run
        } catch {
            throw .outOfMemory
        }
    }

    @inline(__always)
    private func takeSlot(_ place: Int, _ lists: inout ClassLists) -> PoolHandle? {
        guard let run = lists.fullest else { return nil }
        return takeSlot(in: Zspage(run, in: map), place, &lists)
    }

    @inline(__always)
    private func takeSlot(
        in zspage: Zspage, _ place: Int, _ lists: inout ClassLists
    ) -> PoolHandle {
        deepInvariant(zspage.poolNumber == number, "a list has another pool's zspage")
        deepInvariant(zspage.classPlace == place, "a list has another class's zspage")
        let slot = takeSlot(zspage, place)
        zspage.stamp = clock.now
        lists.makeYoungest(zspage, classes[place].sizeClass, map)
        lists.refile(zspage, change: 1, classes[place].sizeClass, map)
        return ZsmallocHandle(run: zspage.run, classPlace: place, slot: slot).packed
    }

    /// Takes a slot out of a zspage that has one; the caller files the zspage anew.
    @inline(__always)
    func takeSlot(_ zspage: Zspage, _ place: Int) -> Int {
        let slot: Int
        if zspage.freeLink != 0 {
            // The slot freed last: its memory is warm.
            slot = zspage.freeLink - 1
            let header = SlotHeader(
                rawValue: headerWord(zspage, place, slot).pointee.load(ordering: .relaxed))
            invariant(header.isFree, "a taken slot is in the list of free ones")
            zspage.freeLink = header.link
        } else {
            slot = zspage.freshCount
            invariant(slot < classes[place].sizeClass.objectCount, "a zspage has no free slot")
            zspage.freshCount = slot + 1
        }
        zspage.inUseCount += 1
        deepInvariant(zspage.inUseCount <= zspage.freshCount, "more objects than slots")
        headerWord(zspage, place, slot).pointee
            .store(SlotHeader.unpublished.rawValue, ordering: .relaxed)
        return slot
    }

    func free(_ handle: PoolHandle) {
        let object = ZsmallocHandle(handle)
        invariant(object.classPlace < classCount, "a handle of a class that there is not")
        let pool = classes + object.classPlace
        let isZspageEmpty = pool.pointee.lists.withLock { lists in
            let zspage = Zspage(object.run, in: map)
            invariant(zspage.poolNumber == number, "a handle of no live object, or not ours")
            invariant(zspage.classPlace == object.classPlace, "a handle of another size class")
            putBackSlot(object.slot, zspage, object.classPlace)
            // A zspage under reclaim is in no list; its reclaim also files or frees it.
            guard !zspage.isUnderReclaim else { return false }
            return settle(zspage, change: -1, object.classPlace, &lists)
        }
        if isZspageEmpty { giveBack(object.run, pool.pointee.sizeClass) }
    }

    func prepareFree(_ handle: PoolHandle) {
        let object = ZsmallocHandle(handle)
        let sizeClass = classes[object.classPlace].sizeClass
        map.prefetch(at: map.descriptor(of: object.run))
        map.prefetch(at: slotOffset(object.run, sizeClass, object.slot))
    }

    /// Makes a slot free; the caller files the zspage anew.
    @inline(__always)
    func putBackSlot(_ slot: Int, _ zspage: Zspage, _ place: Int) {
        invariant(slot < zspage.freshCount, "a slot was freed that was never taken")
        let word = headerWord(zspage, place, slot)
        let header = SlotHeader(rawValue: word.pointee.load(ordering: .relaxed))
        invariant(!header.isFree, "an object was freed twice")
        word.pointee.store(
            SlotHeader.free(link: zspage.freeLink).rawValue, ordering: .relaxed)
        zspage.freeLink = slot + 1
        invariant(zspage.inUseCount > 0, "a zspage has no object to free")
        zspage.inUseCount -= 1
    }

    /// Files a zspage after its slots changed. True when it is empty: then its run is the caller's.
    @inline(__always)
    func settle(
        _ zspage: Zspage, change: Int, _ place: Int, _ lists: inout ClassLists
    ) -> Bool {
        deepInvariant(!zspage.isUnderReclaim, "a zspage under reclaim is in no list")
        deepInvariant(zspage.poolNumber == number, "a list has another pool's zspage")
        lists.refile(zspage, change: change, classes[place].sizeClass, map)
        guard zspage.inUseCount == 0 else { return false }
        lists.remove(zspage, classes[place].sizeClass, map)
        zspage.close()
        return true
    }

    func giveBack(_ run: RunNumber, _ sizeClass: SizeClass) {
        deepInvariant(
            Zspage(run, in: map).poolNumber == 0, "a zspage is given back that is not closed")
        let before = frameCount.subtract(sizeClass.frameCount, ordering: .relaxed).oldValue
        invariant(before >= sizeClass.frameCount, "a zspage is given back that was never taken")
        arena.freeRun(run, frameCount: sizeClass.frameCount, from: .pool)
    }

    func destroy() {
        for place in 0..<classCount {
            let pool = classes + place
            pool.pointee.lists.withLock { lists in
                for group in 0..<FullnessGroup.count {
                    while let run = lists.groups[group].first {
                        let zspage = Zspage(run, in: map)
                        invariant(zspage.poolNumber == number, "a list has another pool's zspage")
                        lists.remove(zspage, pool.pointee.sizeClass, map)
                        zspage.poolNumber = 0
                        giveBack(run, pool.pointee.sizeClass)
                    }
                }
            }
        }
        invariant(frameCount.load(ordering: .relaxed) == 0, "destroyed while reclaiming")
    }
}
