import Arena
import Synchronization
import Threads
import ZswapCore

/// Freeing whole zspages by evicting all objects of the one that was allocated into longest ago.
///
///     tails of the classes' LRU lists, oldest stamp -> out of all lists, marked
///         -> evict slot by slot (unlocked)
///     all gone: its frames are free          else: back to the LRU head, next round
///
/// Law: from the mark on nothing is allocated into the zspage, no object moves in or out, and frees
/// in it only mark their slots, so the handles stay what they were while the user looks at them.
/// Price: a look at each size class a zspage, one lock at a time. A zspage mixes objects of all
/// ages, so young ones go with the old: up to a few hundred evictions for its frames.
extension ZsmallocPool {
    func shrink(pageCount: Int) -> ShrinkResult {
        guard pageCount > 0, let user else {
            return ShrinkResult(reclaimedPageCount: 0, error: .invalidArgument)
        }
        return FrameReclaim.shrink(pageCount: pageCount) { reclaimRound(user) }
    }

    private func reclaimRound(_ user: any PoolUser) -> FrameReclaim.Round {
        guard let (zspage, place) = takeVictim() else { return .nothingToTry }
        evictObjects(of: zspage, place, user)
        let pool = classes + place
        let isFreed = pool.pointee.lists.withLock { putBack(zspage, place, &$0) }
        guard isFreed else { return .stays }
        giveBack(zspage.run, pool.pointee.sizeClass)
        return .freed(frameCount: pool.pointee.sizeClass.frameCount)
    }

    /// Takes the oldest zspage out of its lists.
    private func takeVictim() -> (zspage: Zspage, place: Int)? {
        while let place = placeOfOldest() {
            let pool = classes + place
            let victim = pool.pointee.lists.withLock { lists -> Zspage? in
                guard let run = lists.oldest(pool.pointee.sizeClass) else { return nil }
                let zspage = Zspage(run, in: map)
                invariant(!zspage.isUnderReclaim, "a zspage under reclaim is in a list")
                invariant(zspage.classPlace == place, "a list has another class's zspage")
                deepInvariant(zspage.inUseCount > 0, "an empty zspage was kept")
                lists.remove(zspage, pool.pointee.sizeClass, map)
                zspage.group = FullnessGroup.underReclaim
                return zspage
            }
            if let victim { return (victim, place) }
            // The last zspage of the class went between the two looks.
        }
        return nil
    }

    /// The class whose oldest zspage is the oldest of all. Among equals the largest class, which
    /// has the fewest objects to evict.
    private func placeOfOldest() -> Int? {
        var oldest: (place: Int, stamp: ZspageStamp)?
        for place in (0..<classCount).reversed() {
            let pool = classes + place
            let stamp = pool.pointee.lists.withLock { lists in
                lists.oldest(pool.pointee.sizeClass).map { Zspage($0, in: map).stamp }
            }
            guard let stamp else { continue }
            if let found = oldest, !stamp.isOlder(than: found.stamp) { continue }
            oldest = (place, stamp)
        }
        return oldest?.place
    }

    /// Asks the user for one object after the other. One that stays keeps the zspage, so the rest
    /// is left alone; so does one without an owner, which can't be evicted.
    private func evictObjects(of zspage: Zspage, _ place: Int, _ user: any PoolUser) {
        deepInvariant(zspage.isUnderReclaim, "objects move while they are evicted")
        deepInvariant(zspage.poolNumber == number, "another pool's objects are evicted")
        // Slots are taken by malloc only, which does not see the zspage: the count stays.
        for slot in 0..<zspage.freshCount {
            let header = SlotHeader(
                rawValue: headerWord(zspage, place, slot).pointee.load(ordering: .acquiring))
            if header.isFree { continue }
            let handle = ZsmallocHandle(run: zspage.run, classPlace: place, slot: slot)
            guard let owner = header.owner, user.evict(handle.packed, owner: owner) else { return }
        }
    }

    /// Takes the mark off. True when the zspage is empty: then its run is the caller's.
    private func putBack(_ zspage: Zspage, _ place: Int, _ lists: inout ClassLists) -> Bool {
        invariant(zspage.isUnderReclaim, "two threads reclaim a zspage")
        invariant(zspage.poolNumber == number, "a zspage was given back under reclaim")
        guard zspage.inUseCount > 0 else {
            zspage.close()
            return true
        }
        let sizeClass = classes[place].sizeClass
        zspage.group = FullnessGroup.of(inUse: zspage.inUseCount, max: sizeClass.objectCount)
        // The clock rises, so that what stays is younger than everything that was not tried.
        zspage.stamp = clock.tick()
        lists.insert(zspage, sizeClass, map)
        return false
    }
}
