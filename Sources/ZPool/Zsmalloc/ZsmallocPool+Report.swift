import Arena
import Synchronization
import Threads
import ZswapCore

/// Looking inside.
extension ZsmallocPool {
    /// The kernel's table of classes: zspages by fullness, objects, frames, and what compaction can
    /// free. Merged classes have no row, so the first column has gaps; the last row has the sums.
    var report: PoolReport {
        let columns =
            ["class", "size"] + FullnessGroup.columns
            + ["obj_allocated", "obj_used", "pages_used", "pages_per_zspage", "freeable"]
        var rows: [[String]] = []
        var sums = Array(repeating: 0, count: columns.count)
        for place in 0..<classCount {
            let row = reportRow(place)
            rows.append(row.map { "\($0)" })
            for column in row.indices { sums[column] += row[column] }
        }
        var totals = sums.map { "\($0)" }
        totals[0] = "Total"
        totals[1] = ""
        totals[columns.count - 2] = ""
        rows.append(totals)
        return PoolReport(columns: columns, rows: rows)
    }

    private func reportRow(_ place: Int) -> [Int] {
        let sizeClass = table.classes[place]
        let lists = classes[place].lists.withLock { $0 }
        let groups = (FullnessGroup.emptiest...FullnessGroup.full).map {
            Int(lists.groups[$0].count)
        }
        let zspages = lists.zspageCount
        return [sizeClass.rawIndex, sizeClass.byteCount] + groups + [
            zspages * sizeClass.objectCount, lists.inUseCount, zspages * sizeClass.frameCount,
            sizeClass.frameCount, lists.freeableFrameCount(sizeClass),
        ]
    }

    /// A zspage under reclaim is in no list, so it does not count for as long as that takes.
    var usage: PoolUsage {
        (0..<classCount).reduce(.empty) { $0 + usage($1) }
    }

    private func usage(_ place: Int) -> PoolUsage {
        let sizeClass = table.classes[place]
        let (zspages, objects) = classes[place].lists.withLock { ($0.zspageCount, $0.inUseCount) }
        let header = sizeClass.isHuge ? 0 : SizeClassTable.slotHeaderByteCount
        let slots = sizeClass.objectCount * sizeClass.byteCount
        return PoolUsage(
            frameCount: zspages * sizeClass.frameCount, objectCount: objects,
            headerByteCount: objects * header,
            roomByteCount: objects * (sizeClass.byteCount - header),
            tailByteCount: zspages * (sizeClass.frameCount * Page.byteCount - slots))
    }

    var freeablePageCount: Int {
        (0..<classCount).reduce(0) { sum, place in
            sum + classes[place].lists.withLock { $0.freeableFrameCount(table.classes[place]) }
        }
    }

    func checkInvariants() {
        var frames = 0
        for place in 0..<classCount {
            frames += classes[place].lists.withLock { checkInvariants(place, $0) }
        }
        invariant(frames == frameCount.load(ordering: .relaxed), "zspages were lost")
    }

    /// Checks a class and returns its frames.
    private func checkInvariants(_ place: Int, _ lists: ClassLists) -> Int {
        let sizeClass = table.classes[place]
        invariant(lists.groups[FullnessGroup.empty].isEmpty, "an empty zspage was kept")
        var inUse = 0
        for group in 0..<FullnessGroup.count {
            lists.groups[group].checkInvariants(ZspageGroupLinkage(map: map))
            lists.groups[group].forEach(ZspageGroupLinkage(map: map)) { run in
                let zspage = Zspage(run, in: map)
                invariant(zspage.group == group, "a zspage is in a wrong group")
                checkInvariants(zspage, place)
                inUse += zspage.inUseCount
            }
        }
        invariant(inUse == lists.inUseCount, "objects were lost")
        checkAges(lists, sizeClass)
        return lists.zspageCount * sizeClass.frameCount
    }

    /// Checks that a class's zspages are all there by age too, and that none is from the future.
    private func checkAges(_ lists: ClassLists, _ sizeClass: SizeClass) {
        var younger = clock.now
        func check(_ run: RunNumber) {
            let stamp = Zspage(run, in: map).stamp
            invariant(!younger.isOlder(than: stamp), "an older zspage counts as younger")
            younger = stamp
        }
        guard !sizeClass.isHuge else {
            invariant(lists.lru.isEmpty, "a huge zspage in the LRU list")
            lists.groups[FullnessGroup.full].forEach(ZspageGroupLinkage(map: map), check)
            return
        }
        lists.lru.checkInvariants(ZspageLruLinkage(map: map))
        invariant(Int(lists.lru.count) == lists.zspageCount, "the LRU list has other zspages")
        lists.lru.forEach(ZspageLruLinkage(map: map)) { run in
            let zspage = Zspage(run, in: map)
            invariant(zspage.poolNumber == number, "the LRU list has another pool's zspage")
            invariant(!zspage.isUnderReclaim, "a zspage under reclaim is in a list")
            check(run)
        }
    }

    private func checkInvariants(_ zspage: Zspage, _ place: Int) {
        let sizeClass = table.classes[place]
        invariant(zspage.poolNumber == number, "a zspage of another pool")
        invariant(zspage.classPlace == place, "a zspage of another class")
        invariant(zspage.freshCount <= sizeClass.objectCount, "more slots than the class has")
        let group = FullnessGroup.of(inUse: zspage.inUseCount, max: sizeClass.objectCount)
        invariant(zspage.group == group, "a zspage is in the wrong group")
        var marked = 0
        for slot in 0..<zspage.freshCount {
            let word = headerWord(zspage, place, slot).pointee.load(ordering: .relaxed)
            if SlotHeader(rawValue: word).isFree { marked += 1 }
        }
        invariant(zspage.inUseCount + marked == zspage.freshCount, "slots were lost")
        var linked = 0
        var link = zspage.freeLink
        while link != 0 {
            let word = headerWord(zspage, place, link - 1).pointee.load(ordering: .relaxed)
            invariant(SlotHeader(rawValue: word).isFree, "a taken slot is linked as free")
            link = SlotHeader(rawValue: word).link
            linked += 1
            invariant(linked <= marked, "the free slots are linked in a circle")
        }
        invariant(linked == marked, "free slots are not linked")
    }
}
