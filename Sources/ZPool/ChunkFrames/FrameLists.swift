import Arena
import ZswapCore

/// The lists of a pool of chunked frames, which decide where an object goes and which frame is
/// reclaimed first, and what they count.
///
///     byFreeChunks[i]   frames in which one more object gets i chunks       i = 1 ... 62
///     byFreeChunks[0]   frames that take no more
///     headless          frames of one object without a header, unless in the LRU list
///     lru               while it is kept: frames filed since, last allocated into first
///
/// Law: a frame that is not under reclaim is in exactly one of `byFreeChunks`, or, if it is
/// headless, in exactly one of `headless` and `lru`. One with a header is in `lru` as well if it
/// was filed while that is kept. In a list of `byFreeChunks`, frames that are in `lru` precede
/// those that are not. The counts are those of the frames in the lists.
/// Price: two links a frame, of which the second is touched only while the LRU list is kept, or
/// when the frame is headless. 820 bytes and what the driver counts.
struct FrameLists<Frame: ChunkFrame>: Sendable {
    private(set) var byFreeChunks = ChunkLists()
    private(set) var headless = RunList()
    private(set) var lru = RunList()
    private(set) var keepsLRU = false
    /// Not the last one: a tally without bytes would have the address of what follows the lists in
    /// memory, and a sanitizer would take a call on it for a write there.
    private(set) var tally = Frame.Tally()
    private(set) var headlessCount = 0
    /// Objects and their chunks in frames with a header.
    private(set) var objectCount = 0
    private(set) var chunkCount = 0

    /// All frames. A look at each list: nothing for a malloc or a free.
    var frameCount: Int { byFreeChunks.frameCount + headlessCount }

    /// The frame that an object of this many chunks goes into; nil when it needs a new one.
    @inline(__always)
    mutating func bestFit(chunkCount: Int) -> RunNumber? {
        byFreeChunks.bestFit(chunkCount: chunkCount)
    }

    /// Adds a frame to the head of the list where it belongs now. The youngest one is allocated
    /// into just now, or stays at reclaim; another keeps its age.
    @inline(__always)
    mutating func file(_ run: RunNumber, _ frame: Frame, _ map: RunMap, isYoungest: Bool) {
        deepInvariant(!frame.isEmpty, "an empty frame is filed")
        deepInvariant(!frame.isUnderReclaim, "a frame under reclaim is filed")
        deepInvariant(frame.poolNumber != 0, "a frame of no pool is filed")
        count(frame, sign: 1)
        if frame.isHeadless {
            if !keepsLRU { headless.pushFirst(run, AgeLinkage<Frame>(map: map)) }
        } else {
            byFreeChunks.add(
                run, freeChunkCount: frame.freeChunkCount, FreeLinkage<Frame>(map: map))
        }
        if keepsLRU { age(run, frame, map, isYoungest: isYoungest) }
    }

    /// Removes a frame from its list, before anything in it changes. It stays in the LRU list.
    @inline(__always)
    mutating func unfile(_ run: RunNumber, _ frame: Frame, _ map: RunMap) {
        deepInvariant(frameCount > 0, "a frame is in no list")
        deepInvariant(!frame.isUnderReclaim, "a frame under reclaim is in no list")
        count(frame, sign: -1)
        if frame.isHeadless {
            if !frame.isInLRU { headless.remove(run, AgeLinkage<Frame>(map: map)) }
        } else {
            byFreeChunks.remove(
                run, freeChunkCount: frame.freeChunkCount, FreeLinkage<Frame>(map: map))
        }
    }

    /// Puts the frame that was filed longest ago of its list at the head. Its counts stay.
    mutating func rotate(_ run: RunNumber, _ frame: Frame, _ map: RunMap) {
        deepInvariant(byFreeChunks[frame.freeChunkCount].last == run, "a younger frame is moved")
        deepInvariant(!frame.isUnderReclaim, "a frame under reclaim is in a list")
        byFreeChunks.remove(
            run, freeChunkCount: frame.freeChunkCount, FreeLinkage<Frame>(map: map))
        byFreeChunks.add(run, freeChunkCount: frame.freeChunkCount, FreeLinkage<Frame>(map: map))
        if keepsLRU { age(run, frame, map, isYoungest: false) }
    }

    @inline(__always)
    private mutating func count(_ frame: Frame, sign: Int) {
        guard !frame.isHeadless else {
            headlessCount += sign
            deepInvariant(headlessCount >= 0, "a headless frame is taken out twice")
            return
        }
        objectCount += sign * frame.objectCount
        chunkCount += sign * frame.usedChunkCount
        deepInvariant(objectCount >= 0, "a frame is taken out twice")
        deepInvariant(chunkCount >= objectCount, "an object without a chunk")
        tally.count(frame, sign: sign)
    }

    /// A frame that was there before the LRU list was kept is older than all in it.
    @inline(__always)
    private mutating func age(
        _ run: RunNumber, _ frame: Frame, _ map: RunMap, isYoungest: Bool
    ) {
        deepInvariant(keepsLRU, "a frame joins an order that is not kept")
        deepInvariant(!frame.isInLRU || lru.count > 0, "a frame names an order without frames")
        let linkage = AgeLinkage<Frame>(map: map)
        if isYoungest {
            guard !frame.isInLRU || lru.first != run else { return }
            if frame.isInLRU { lru.remove(run, linkage) }
            lru.pushFirst(run, linkage)
        } else {
            guard !frame.isInLRU else { return }
            lru.pushLast(run, linkage)
        }
        frame.isInLRU = true
    }

    /// Removes a frame that was unfiled from the LRU list, if it is there.
    @inline(__always)
    mutating func leaveLRU(_ run: RunNumber, _ frame: Frame, _ map: RunMap) {
        guard frame.isInLRU else { return }
        lru.remove(run, AgeLinkage<Frame>(map: map))
        frame.isInLRU = false
    }
}

/// Age.
extension FrameLists {
    /// Frames that one step of an end of the LRU list takes out of it.
    private static var stepFrameCount: Int { 64 }

    /// The frame to reclaim next. Those that were there before the LRU list was kept are older than
    /// all in it: of these the freest go first, since they have the fewest objects to evict, and of
    /// equal ones the one that was filed longest ago; headless ones go last.
    func oldest(_ map: RunMap) -> RunNumber? {
        invariant(Int(lru.count) <= frameCount, "the LRU list has a frame that is in no other")
        guard frameCount > Int(lru.count) else { return lru.last }
        for index in 1...ChunkLists.count {
            // From 62 to 1, then 0: frames that take no more.
            guard let run = byFreeChunks[(ChunkLists.count - index)].last else { continue }
            if !Frame(run, in: map).isInLRU { return run }
        }
        // While the list is taken apart, a frame that it does not name may lie before one it does.
        let found = headless.last ?? lru.last
        invariant(found != nil, "a frame is in no list")
        return found
    }

    /// Any frame; nil when there is none.
    mutating func anyFrame() -> RunNumber? {
        let any = bestFit(chunkCount: 0) ?? headless.first ?? lru.first
        deepInvariant((any == nil) == (frameCount == 0), "a frame is in no list")
        return any
    }

    /// Does a step towards keeping the LRU list, or not keeping it. True when that is reached: then
    /// the list is kept, or is empty. The rest of an earlier list goes first, so that the list
    /// never names a frame that was filed while it was not kept.
    mutating func step(towardsKeepingLRU isWanted: Bool, _ map: RunMap) -> Bool {
        guard !(isWanted && keepsLRU) else { return true }
        keepsLRU = false
        for _ in 0..<Self.stepFrameCount {
            guard let run = lru.last else { break }
            let frame = Frame(run, in: map)
            invariant(frame.isInLRU, "a frame in the LRU list does not say so")
            invariant(!frame.isUnderReclaim, "a frame under reclaim is in a list")
            leaveLRU(run, frame, map)
            // From the oldest on, so that headless ones keep their order.
            if frame.isHeadless { headless.pushFirst(run, AgeLinkage<Frame>(map: map)) }
        }
        guard lru.isEmpty else { return false }
        deepInvariant(Int(headless.count) == headlessCount, "a headless frame is in no list")
        keepsLRU = isWanted
        return true
    }
}

/// Checking.
extension FrameLists {
    /// Traps on a broken law; `checkFrame` also checks the frames.
    func checkInvariants(_ map: RunMap, _ checkFrame: (Frame) -> Void) {
        var recount = FrameLists()
        var inLRU: UInt32 = 0
        func look(_ run: RunNumber, _ frame: Frame) {
            checkFrame(frame)
            recount.count(frame, sign: 1)
            if frame.isInLRU { inLRU += 1 }
        }
        var behindOlder = (index: -1, isTrue: false)
        let filed = byFreeChunks.checkInvariants(FreeLinkage<Frame>(map: map)) { run, index in
            let frame = Frame(run, in: map)
            invariant(frame.freeChunkCount == index, "a frame is in the wrong list")
            invariant(!frame.isHeadless, "a headless frame takes another object")
            if behindOlder.index != index { behindOlder = (index, false) }
            invariant(!frame.isInLRU || !behindOlder.isTrue, "an older frame counts as younger")
            if !frame.isInLRU { behindOlder.isTrue = true }
            look(run, frame)
        }
        headless.checkInvariants(AgeLinkage<Frame>(map: map))
        headless.forEach(AgeLinkage<Frame>(map: map)) { run in
            let frame = Frame(run, in: map)
            invariant(frame.isHeadless && !frame.isInLRU, "a frame is in the wrong list")
            look(run, frame)
        }
        lru.checkInvariants(AgeLinkage<Frame>(map: map))
        lru.forEach(AgeLinkage<Frame>(map: map)) { run in
            let frame = Frame(run, in: map)
            invariant(frame.isInLRU, "a frame in the LRU list does not say so")
            if frame.isHeadless { look(run, frame) }
        }
        invariant(inLRU == lru.count, "the LRU list does not hold the same frames")
        invariant(Int(filed) + headlessCount == frameCount, "frames were lost")
        invariant(recount.headlessCount == headlessCount, "headless frames were lost")
        invariant(recount.objectCount == objectCount, "objects were lost")
        invariant(recount.chunkCount == chunkCount, "chunks were lost")
        invariant(recount.tally == tally, "the driver's counts are wrong")
    }
}
