import Arena
import Glibc
import Synchronization
import Threads
import ZswapCore

/// Moving objects out of the emptiest zspages of a class into its fullest ones, to free frames.
///
///     source: 10 % first                 destination: 99 % first
///     | A . . . B . |   A, B move  ->    | C D E A F B |         source empty: its frames are free
///
/// Law: an object moves under its class's lock: bytes and header are copied, then the user
/// publishes the new handle; if it refuses, the copy is dropped. An object without an owner stays
/// where it is. A zspage under reclaim is in no list, so it is neither source nor destination.
/// Objects that move in make a zspage no younger: they are no younger than before, and compacting
/// now and then would make everything young. Ends: each step fills a destination, empties a source
/// or finds an object that stays. There are at most two steps a zspage and `stuckCountMax` sources
/// with objects that stay in a class.
extension ZsmallocPool {
    /// Sources that could not be emptied before a class is left for the next time. Each may be
    /// passed over in later searches of the lists, so this bounds how long those are.
    fileprivate static let stuckCountMax = 16

    private enum Step { case nothingToGain, progress, freed(RunNumber), stuck }

    /// The sources that a compaction of a class passes over, because an object in them stays.
    private struct Pass {
        var stuck = InlineArray<16, UInt32>(repeating: 0)
        var stuckCount = 0

        mutating func passOver(_ run: RunNumber) {
            invariant(stuckCount < ZsmallocPool.stuckCountMax, "a compaction goes on without end")
            deepInvariant(!passesOver(run), "a zspage that is passed over was emptied again")
            stuck[stuckCount] = run.rawValue
            stuckCount += 1
        }
        func passesOver(_ run: RunNumber) -> Bool {
            (0..<stuckCount).contains { stuck[$0] == run.rawValue }
        }
    }

    func compact(_ goesOn: () -> Bool) -> Int {
        guard let user else { return 0 }
        guard !isCompacting.exchange(true, ordering: .acquiring) else { return 0 }
        defer { isCompacting.store(false, ordering: .releasing) }
        let before = compactedPageCount
        for place in (0..<classCount).reversed() {
            guard compact(place, user, goesOn) else { break }
        }
        // Only the thread that compacts changes the count.
        let freed = compactedPageCount - before
        invariant(freed >= 0, "two threads compact a pool")
        return freed
    }

    /// False when `goesOn` ended it.
    private func compact(_ place: Int, _ user: any PoolUser, _ goesOn: () -> Bool) -> Bool {
        let pool = classes + place
        guard !pool.pointee.sizeClass.isHuge else { return true }
        var pass = Pass()
        var stepsLeft = pool.pointee.lists.withLock { 2 * $0.zspageCount }
        while stepsLeft > 0 && pass.stuckCount < Self.stuckCountMax {
            stepsLeft -= 1
            // The lock is dropped between steps, so that a store waits for one zspage at most.
            switch pool.pointee.lists.withLock({ compactStep(place, &$0, &pass, user) }) {
            case .nothingToGain: return true
            case .progress, .stuck: break
            case .freed(let run):
                giveBack(run, pool.pointee.sizeClass)
                compactedFrameCount.add(pool.pointee.sizeClass.frameCount, ordering: .relaxed)
            }
            guard goesOn() else { return false }
        }
        return true
    }

    /// Moves from one source to one destination until one of them is done with.
    private func compactStep(
        _ place: Int, _ lists: inout ClassLists, _ pass: inout Pass, _ user: any PoolUser
    ) -> Step {
        let sizeClass = classes[place].sizeClass
        guard lists.freeableFrameCount(sizeClass) > 0 else { return .nothingToGain }
        guard let target = lists.fullest.map({ Zspage($0, in: map) }),
            let source = emptiest(lists, pass, besides: target.run)
        else { return .nothingToGain }
        deepInvariant(source.group <= target.group, "objects move out of the fuller zspage")
        let staying = moveObjects(from: source, to: target, place, user)
        // A destination whose only copies were dropped was not empty before, so it never becomes
        // free.
        let isTargetEmpty = settle(target, change: 0, place, &lists)
        invariant(!isTargetEmpty, "objects moved to an empty zspage")
        if settle(source, change: 0, place, &lists) { return .freed(source.run) }
        guard staying > 0 else { return .progress }
        pass.passOver(source.run)
        return .stuck
    }

    /// The zspage with the fewest objects that is not passed over.
    private func emptiest(
        _ lists: ClassLists, _ pass: Pass, besides target: RunNumber
    ) -> Zspage? {
        for group in FullnessGroup.emptiest...FullnessGroup.fullest {
            var candidate = lists.groups[group].first
            while let run = candidate {
                deepInvariant(Zspage(run, in: map).group == group, "a zspage is in a wrong group")
                if run != target && !pass.passesOver(run) { return Zspage(run, in: map) }
                candidate = lists.groups[group].following(run, ZspageGroupLinkage(map: map))
            }
        }
        return nil
    }

    /// Moves what can be moved until the target is full. Returns how many objects it met that stay.
    private func moveObjects(
        from source: Zspage, to target: Zspage, _ place: Int, _ user: any PoolUser
    ) -> Int {
        invariant(source.run != target.run, "a zspage moves into itself")
        deepInvariant(!source.isUnderReclaim && !target.isUnderReclaim)
        let slotCount = classes[place].sizeClass.objectCount
        var staying = 0
        var slot = 0
        while slot < source.freshCount && source.inUseCount > 0 {
            guard target.inUseCount < slotCount else { return 0 }
            let header = SlotHeader(
                rawValue: headerWord(source, place, slot).pointee.load(ordering: .acquiring))
            if let owner = header.owner {
                if !move(slot, owner, from: source, to: target, place, user) { staying += 1 }
            } else if !header.isFree {
                staying += 1
            }
            slot += 1
        }
        return staying
    }

    /// Copies one object and asks the user to publish the copy. False when the object stays.
    private func move(
        _ slot: Int, _ owner: ObjectOwner, from source: Zspage, to target: Zspage, _ place: Int,
        _ user: any PoolUser
    ) -> Bool {
        let sizeClass = classes[place].sizeClass
        let newSlot = takeSlot(target, place)
        let header = SizeClassTable.slotHeaderByteCount
        let byteCount = sizeClass.byteCount - header
        let old = slotOffset(source.run, sizeClass, slot) + header
        let new = slotOffset(target.run, sizeClass, newSlot) + header
        invariant(!sizeClass.isHuge && byteCount > 0, "a huge object has nowhere to move")
        deepInvariant(source.poolNumber == target.poolNumber, "an object moves to another pool")
        // The header goes last and by itself: with it the copy is published.
        memcpy(map.address(of: new), map.address(of: old), byteCount)
        headerWord(target, place, newSlot).pointee
            .store(SlotHeader(owner).rawValue, ordering: .releasing)
        let oldHandle = ZsmallocHandle(run: source.run, classPlace: place, slot: slot)
        let newHandle = ZsmallocHandle(run: target.run, classPlace: place, slot: newSlot)
        guard user.move(owner: owner, from: oldHandle.packed, to: newHandle.packed) else {
            putBackSlot(newSlot, target, place)
            return false
        }
        putBackSlot(slot, source, place)
        return true
    }
}
