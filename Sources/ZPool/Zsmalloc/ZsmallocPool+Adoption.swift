import Arena
import Synchronization
import Threads
import ZswapCore

/// Taking over zspages that an earlier process left: descriptors and free lists are made anew.
///
///     adopt: first object of a run -> all slots marked free, in group 0 -> the object's slot taken
///     finish: free slots are linked, every zspage goes to the group it belongs in
///
/// Law: what is refused changes nothing. Group 0 is empty outside of an adoption. The order in
/// which zspages got their first objects becomes the order of age.
extension ZsmallocPool {
    func mayHold(_ handle: PoolHandle, byteCount: Int) -> Bool {
        guard ZsmallocHandle.isWellFormed(handle), byteCount > 0, byteCount <= Page.byteCount
        else { return false }
        let object = ZsmallocHandle(handle)
        let place = Int(places[SizeClassTable.rawIndex(ofByteCount: byteCount)])
        let sizeClass = classes[place].sizeClass
        return object.classPlace == place && object.slot < sizeClass.objectCount
            && arena.hasRun(object.run, frameCount: sizeClass.frameCount)
    }

    func adopt(
        _ handle: PoolHandle, byteCount: Int, owner: ObjectOwner
    ) throws(ZpoolError) {
        guard mayHold(handle, byteCount: byteCount) else { throw .invalidArgument }
        let object = ZsmallocHandle(handle)
        let place = object.classPlace
        let isAdopted = classes[place].lists.withLock { lists in
            let zspage = Zspage(object.run, in: map)
            guard openClaimed(zspage, place, &lists) else { return false }
            deepInvariant(object.slot < zspage.freshCount, "a zspage has no such slot")
            let word = headerWord(zspage, place, object.slot)
            let header = SlotHeader(rawValue: word.pointee.load(ordering: .relaxed))
            guard header.isFree else { return false }
            word.pointee.store(SlotHeader(owner).rawValue, ordering: .releasing)
            zspage.inUseCount += 1
            deepInvariant(zspage.inUseCount <= classes[place].sizeClass.objectCount)
            lists.noteAdopted(1)
            return true
        }
        guard isAdopted else { throw .invalidArgument }
    }

    /// Claims the run if this is its first object. False when another pool or class has the run, or
    /// the zspage's adoption has ended.
    private func openClaimed(_ zspage: Zspage, _ place: Int, _ lists: inout ClassLists) -> Bool {
        // The number is of this process's choice: no memory of an earlier one holds it.
        if zspage.poolNumber == number {
            return zspage.classPlace == place && zspage.group == FullnessGroup.empty
        }
        let sizeClass = classes[place].sizeClass
        guard arena.claimRun(zspage.run, frameCount: sizeClass.frameCount, for: .pool) else {
            return false
        }
        frameCount.add(sizeClass.frameCount, ordering: .relaxed)
        clock.tick()
        zspage.open(poolNumber: number, classPlace: place)
        zspage.freshCount = sizeClass.objectCount
        for slot in 0..<sizeClass.objectCount {
            headerWord(zspage, place, slot).pointee
                .store(SlotHeader.free(link: 0).rawValue, ordering: .relaxed)
        }
        zspage.stamp = clock.now
        lists.insert(zspage, sizeClass, map)
        deepInvariant(
            zspage.group == FullnessGroup.empty, "an adoption would not end with this zspage")
        deepInvariant(zspage.freeLink == 0, "free slots are linked before the adoption ends")
        return true
    }

    func finishAdoption() {
        for place in 0..<classCount {
            classes[place].lists.withLock { lists in
                // In order of adoption, which among huge zspages becomes the order of age.
                while let run = lists.groups[FullnessGroup.empty].last {
                    let zspage = Zspage(run, in: map)
                    invariant(zspage.inUseCount > 0, "a zspage was claimed for no object")
                    deepInvariant(zspage.poolNumber == number, "a list has another pool's zspage")
                    deepInvariant(zspage.classPlace == place, "a list has another class's zspage")
                    linkFreeSlots(zspage, place)
                    lists.refile(zspage, change: 0, table.classes[place], map)
                }
            }
        }
    }

    /// Links from the last slot to the first, so that low ones are taken first.
    private func linkFreeSlots(_ zspage: Zspage, _ place: Int) {
        invariant(zspage.freeLink == 0, "the free slots are linked already")
        deepInvariant(zspage.freshCount == classes[place].sizeClass.objectCount)
        guard zspage.inUseCount < zspage.freshCount else { return }
        for slot in (0..<zspage.freshCount).reversed() {
            let word = headerWord(zspage, place, slot)
            guard SlotHeader(rawValue: word.pointee.load(ordering: .relaxed)).isFree else {
                continue
            }
            word.pointee.store(
                SlotHeader.free(link: zspage.freeLink).rawValue, ordering: .relaxed)
            zspage.freeLink = slot + 1
        }
    }
}
