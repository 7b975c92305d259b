import Arena

/// The zspages of one size class by how full they are. What a class's lock guards.
///
///     99 %:  run 4|2 <-> run 9|0        90 %: run 3|7        ...        full: run 1|1 <-> ...
///
/// Law: every zspage of the class is in the list of the group that its slots in use say. Group 0 is
/// used while objects are adopted only. `inUseCount` is the sum over the zspages.
/// Price: 160 bytes a class; finding the fullest is a look at up to ten heads.
struct ClassLists: Sendable {
    private(set) var groups = InlineArray<12, RunList>(repeating: RunList())
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

    var zspageCount: Int {
        var sum = 0
        for group in 0..<FullnessGroup.count { sum += Int(groups[group].count) }
        return sum
    }

    /// Frames that compaction can free: as many zspages as the free slots would fill.
    func freeableFrameCount(_ sizeClass: SizeClass) -> Int {
        let allocated = zspageCount * sizeClass.objectCount
        return (allocated - inUseCount) / sizeClass.objectCount * sizeClass.frameCount
    }

    /// Adds a new zspage to the list that it names.
    @inline(__always)
    mutating func insert(_ zspage: Zspage, _ map: RunMap) {
        groups[zspage.group].pushFirst(zspage.run, ZspageLinkage(map: map))
    }

    @inline(__always)
    mutating func remove(_ zspage: Zspage, _ map: RunMap) {
        groups[zspage.group].remove(zspage.run, ZspageLinkage(map: map))
    }

    /// Moves a zspage to the head of another list if it is not as full as before. Its objects are
    /// counted by `change`.
    @inline(__always)
    mutating func refile(_ zspage: Zspage, change: Int, _ sizeClass: SizeClass, _ map: RunMap) {
        inUseCount += change
        let group = FullnessGroup.of(inUse: zspage.inUseCount, max: sizeClass.objectCount)
        guard group != zspage.group else { return }
        remove(zspage, map)
        zspage.group = group
        insert(zspage, map)
    }

    /// Counts objects that were adopted.
    mutating func noteAdopted(_ count: Int) { inUseCount += count }
}
