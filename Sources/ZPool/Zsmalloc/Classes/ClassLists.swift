import Arena
import ZswapCore

/// The zspages of one size class, by fullness and by age. Guarded by the class's lock.
///
///     99 %:  run 4|2 <-> run 9|0        90 %: run 3|7        ...        full: run 1|1 <-> ...
///     lru:   run 9|0 <-> run 1|1 <-> run 3|7 <-> run 4|2         last allocated into first
///
/// Law: every zspage of the class is in the list of the group that its slots in use say, and in
/// `lru`; under reclaim it is in neither and does not count. Huge zspages are in their group only:
/// they have one object each, so the list of full ones is in order of age already. Group 0 is used
/// while objects are adopted only. `inUseCount` is the sum over the zspages.
/// Price: 168 bytes a class; finding the fullest is a look at up to ten heads.
struct ClassLists: Sendable {
    private(set) var groups = InlineArray<12, RunList>(repeating: RunList())
    private(set) var lru = RunList()
    private(set) var inUseCount = 0

    /// The fullest zspage with a free slot.
    @inline(__always)
    var fullest: RunNumber? {
        var group = FullnessGroup.fullest
        while group >= FullnessGroup.emptiest {
            if let run = groups[group].first { return run }
            group -= 1
        }
        return nil
    }

    /// The zspage that was allocated into longest ago.
    func oldest(_ sizeClass: SizeClass) -> RunNumber? {
        sizeClass.isHuge ? groups[FullnessGroup.full].last : lru.last
    }

    var zspageCount: Int {
        var sum = 0
        for group in 0..<FullnessGroup.count { sum += Int(groups[group].count) }
        return sum
    }

    /// Frames that compaction can free: as many zspages as the free slots would fill.
    func freeableFrameCount(_ sizeClass: SizeClass) -> Int {
        let allocated = zspageCount * sizeClass.objectCount
        invariant(inUseCount <= allocated, "more objects than slots")
        return (allocated - inUseCount) / sizeClass.objectCount * sizeClass.frameCount
    }

    /// Adds a zspage, as the youngest one, to the group that it names.
    @inline(__always)
    mutating func insert(_ zspage: Zspage, _ sizeClass: SizeClass, _ map: RunMap) {
        invariant(zspage.group < FullnessGroup.count, "a zspage under reclaim is filed")
        deepInvariant(zspage.inUseCount <= sizeClass.objectCount, "more objects than slots")
        inUseCount += zspage.inUseCount
        groups[zspage.group].pushFirst(zspage.run, ZspageGroupLinkage(map: map))
        if !sizeClass.isHuge { lru.pushFirst(zspage.run, ZspageLruLinkage(map: map)) }
        deepInvariant(hasEachByAge(sizeClass), "a zspage is filed in one list only")
    }

    /// As many zspages are in the order of age as in the groups, unless that order is a group's.
    private func hasEachByAge(_ sizeClass: SizeClass) -> Bool {
        sizeClass.isHuge ? lru.isEmpty : Int(lru.count) == zspageCount
    }

    /// Removes a zspage with what is in it.
    @inline(__always)
    mutating func remove(_ zspage: Zspage, _ sizeClass: SizeClass, _ map: RunMap) {
        invariant(zspage.group < FullnessGroup.count, "a zspage is in no list")
        inUseCount -= zspage.inUseCount
        deepInvariant(inUseCount >= 0, "a class frees more objects than it has")
        groups[zspage.group].remove(zspage.run, ZspageGroupLinkage(map: map))
        if !sizeClass.isHuge { lru.remove(zspage.run, ZspageLruLinkage(map: map)) }
        deepInvariant(hasEachByAge(sizeClass), "a zspage leaves one list only")
    }

    /// The zspage was allocated into just now. Mostly it is the one of the time before, so there is
    /// nothing to move.
    @inline(__always)
    mutating func makeYoungest(_ zspage: Zspage, _ sizeClass: SizeClass, _ map: RunMap) {
        deepInvariant(!zspage.isUnderReclaim, "a zspage under reclaim is allocated into")
        guard !sizeClass.isHuge, lru.first != zspage.run else { return }
        lru.remove(zspage.run, ZspageLruLinkage(map: map))
        lru.pushFirst(zspage.run, ZspageLruLinkage(map: map))
    }

    /// Moves a zspage to the head of another group if it is not as full as before. Its objects are
    /// counted by `change`.
    @inline(__always)
    mutating func refile(_ zspage: Zspage, change: Int, _ sizeClass: SizeClass, _ map: RunMap) {
        inUseCount += change
        deepInvariant(inUseCount >= 0, "a class frees more objects than it has")
        let group = FullnessGroup.of(inUse: zspage.inUseCount, max: sizeClass.objectCount)
        guard group != zspage.group else { return }
        deepInvariant(zspage.group < FullnessGroup.count, "a zspage under reclaim is filed")
        groups[zspage.group].remove(zspage.run, ZspageGroupLinkage(map: map))
        zspage.group = group
        groups[group].pushFirst(zspage.run, ZspageGroupLinkage(map: map))
    }

    /// Counts objects that were adopted.
    mutating func noteAdopted(_ count: Int) {
        invariant(count > 0, "no object was adopted")
        inUseCount += count
    }
}
