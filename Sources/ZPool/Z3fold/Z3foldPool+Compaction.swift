import Arena
import Glibc
import Synchronization
import Threads
import ZswapCore

/// Closing holes: first within frames, then lone objects move to other frames, and theirs are free.
///
///     walk 1    | first | .. | middle | .... | last empty |  ->  | first | ....... | last |
///     walk 2    | lone | ................... |  ->  the tightest gap of another frame
///
/// Law: an object moves under the pool's lock, to where it does not overlap itself: bytes, then
/// owner, then the user publishes the new handle; if it refuses, the copy is dropped. An object
/// without an owner stays where it is. A move does not count as an allocation, so no frame changes
/// its place in the LRU list. Ends: a walk goes over the lists from the freest frames on, each from
/// its tail. A frame that it looked at gets the walk's number and goes to the head of its list, so
/// a list is done when a frame with the number is at its tail. Frames that others file meanwhile go
/// to the head, behind those; still, the steps are bounded by twice the frames there were.
extension Z3foldPool {
    private enum Work { case withinFrames, outOfFrames }
    private enum Step { case done, looked, freed(RunNumber) }

    func compact(_ goesOn: () -> Bool) -> Int {
        guard let user = core.user else { return 0 }
        guard !isCompacting.exchange(true, ordering: .acquiring) else { return 0 }
        defer { isCompacting.store(false, ordering: .releasing) }
        let before = compactedPageCount
        if walk(.withinFrames, user, goesOn) { _ = walk(.outOfFrames, user, goesOn) }
        // Only the thread that compacts changes the count.
        let freed = compactedPageCount - before
        invariant(freed >= 0, "two threads compact a pool")
        return freed
    }

    /// False when `goesOn` ended it.
    private func walk(_ work: Work, _ user: any PoolUser, _ goesOn: () -> Bool) -> Bool {
        // 0 is the number of a frame that no walk has met.
        let walkNumber = max(walkCount.wrappingAdd(1, ordering: .relaxed).newValue, 1)
        var stepsLeft = 2 * core.lists.withLock { $0.frameCount }
        var index = ChunkLists.count - 1
        while stepsLeft > 0 {
            stepsLeft -= 1
            // The lock is dropped between steps, so that others wait for one object at most.
            switch core.lists.withLock({ step(work, walkNumber, &index, &$0, user) }) {
            case .done: return true
            case .looked: break
            case .freed(let run):
                giveBackFrame(run)
                compactedFrameCount.add(1, ordering: .relaxed)
            }
            guard goesOn() else { return false }
        }
        return true
    }

    /// Looks at the next frame, which is in the list of `index` or below.
    private func step(
        _ work: Work, _ walkNumber: UInt32, _ index: inout Int, _ lists: inout Lists,
        _ user: any PoolUser
    ) -> Step {
        let isDone =
            work == .withinFrames ? lists.tally.shiftableCount == 0 : lists.tally.loneCount == 0
        // List 0 is not looked at: its frames have neither a lone object nor a gap to close.
        while !isDone && index > 0 {
            guard let run = lists.byFreeChunks[index].last,
                case let frame = Frame(run, in: core.map), frame.walkNumber != walkNumber
            else {
                index -= 1
                continue
            }
            deepInvariant(frame.poolNumber == core.number, "a list has a frame of another pool")
            frame.walkNumber = walkNumber
            lists.rotate(run, frame, core.map)
            deepInvariant(
                lists.byFreeChunks[index].first == run, "a walk would meet a frame twice")
            switch work {
            case .withinFrames: shiftMiddle(run, &lists, user)
            case .outOfFrames: if moveLone(run, &lists, user) { return .freed(run) }
            }
            return .looked
        }
        return .done
    }

    /// Moves the middle object to where the free chunks of its frame come together.
    private func shiftMiddle(_ run: RunNumber, _ lists: inout Lists, _ user: any PoolUser) {
        let frame = Frame(run, in: core.map)
        guard let better = frame.betterMiddle else { return }
        let chunkCount = frame.chunkCount(.middle)
        deepInvariant(better.startChunk != frame.startChunk(.middle), "a move to where it is")
        let old = Handle(run: run, place: .middle, startChunk: frame.startChunk(.middle))
        let new = Handle(run: run, place: better.place, startChunk: better.startChunk)
        guard move(old, to: new, chunkCount: chunkCount, user) else { return }
        lists.unfile(run, frame, core.map)
        frame.clear(.middle)
        deepInvariant(
            frame.isFree(new.place, startChunk: new.startChunk, chunkCount: chunkCount),
            "the middle object moved onto another")
        frame.setRoom(new.place, startChunk: new.startChunk, chunkCount: chunkCount)
        deepInvariant(frame.startChunk(new.place) == new.startChunk, "an object lies elsewhere")
        lists.file(run, frame, core.map, isYoungest: false)
    }

    /// Moves the only object of a frame into another one. True when that made the frame free.
    private func moveLone(
        _ run: RunNumber, _ lists: inout Lists, _ user: any PoolUser
    ) -> Bool {
        let frame = Frame(run, in: core.map)
        guard let place = frame.loneObject else { return false }
        let chunkCount = frame.usedChunkCount
        deepInvariant(frame.objectCount == 1, "an object that is not alone")
        let target = lists.byFreeChunks.bestFit(
            chunkCount: chunkCount, besides: run, FreeLinkage<Frame>(map: core.map))
        guard let target else { return false }
        let old = Handle(run: run, place: place, startChunk: frame.startChunk(place))
        guard owner(of: old) != nil else { return false }
        invariant(target != run, "a frame moves into itself")
        let new = take(chunkCount, in: target, &lists, isYoungest: false)
        guard move(old, to: new, chunkCount: chunkCount, user) else {
            // The target was not empty before, so it is not now.
            let isTargetEmpty = drop(new, &lists)
            invariant(!isTargetEmpty, "an object moved to an empty frame")
            return false
        }
        return drop(old, &lists)
    }

    /// Copies an object and asks the user to publish the copy. False when the object stays.
    private func move(
        _ old: Handle, to new: Handle, chunkCount: Int, _ user: any PoolUser
    ) -> Bool {
        guard let owner = owner(of: old) else { return false }
        // Readers take no lock: what they read must stay until the entry names the copy.
        invariant(
            old.run != new.run
                || abs(old.startChunk - new.startChunk) >= chunkCount, "a move overlaps itself")
        deepInvariant(!Frame(old.run, in: core.map).isHeadless, "a headless object can't move")
        memcpy(
            core.map.address(of: offset(of: new)), core.map.address(of: offset(of: old)),
            chunkCount << Chunk.byteShift)
        setOwner(owner, of: new.packed)
        return user.move(owner: owner, from: old.packed, to: new.packed)
    }
}
