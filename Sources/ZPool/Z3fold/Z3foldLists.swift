import Arena
import ZswapCore

/// The lists of a z3fold pool, which decide where an object goes, and what they count.
///
///     byFreeChunks[i]   frames in which one more object gets i chunks       i = 1 ... 62
///     byFreeChunks[0]   frames that take no more: three objects, or no gap
///     lru               all frames, headless ones too, last allocated into first
///     loneObjects[c]    how many frames have one object of c chunks
///
/// Law: a frame that is not under reclaim is in `lru`, and in exactly one of `byFreeChunks` unless
/// it is headless. The counts are those of the frames in the lists.
/// Price: two links a frame; 1350 bytes.
struct Z3foldLists: Sendable {
    private(set) var byFreeChunks = ChunkLists()
    private(set) var lru = RunList()
    private(set) var headlessCount = 0
    /// Objects and their chunks in frames with a header.
    private(set) var objectCount = 0
    private(set) var chunkCount = 0
    /// Frames whose middle object should lie elsewhere in its frame.
    private(set) var shiftableCount = 0
    /// Frames with one object, and by its chunks those where it lies at an end or can go there.
    private(set) var loneCount = 0
    private var loneObjects = InlineArray<63, Int32>(repeating: 0)
    /// What becomes of `byFreeChunks` when lone objects go to an end.
    private var gapChanges = InlineArray<63, Int32>(repeating: 0)

    /// The frame that an object of this many chunks goes into; nil when it needs a new one.
    @inline(__always)
    mutating func bestFit(chunkCount: Int) -> RunNumber? {
        byFreeChunks.bestFit(chunkCount: chunkCount)
    }

    /// Adds a frame to the head of the list where it belongs now.
    @inline(__always)
    mutating func file(_ run: RunNumber, _ frame: Z3foldFrame, _ map: RunMap) {
        count(frame, sign: 1)
        guard !frame.isHeadless else { return }
        byFreeChunks.add(
            run, freeChunkCount: frame.freeChunkCount, Z3foldFreeLinkage(map: map))
    }

    /// Removes a frame from its list, before anything in it changes.
    @inline(__always)
    mutating func unfile(_ run: RunNumber, _ frame: Z3foldFrame, _ map: RunMap) {
        count(frame, sign: -1)
        guard !frame.isHeadless else { return }
        byFreeChunks.remove(
            run, freeChunkCount: frame.freeChunkCount, Z3foldFreeLinkage(map: map))
    }

    /// Puts the frame that was filed longest ago of its list at the head. Its counts stay.
    mutating func rotate(_ run: RunNumber, freeChunkCount: Int, _ map: RunMap) {
        byFreeChunks.remove(run, freeChunkCount: freeChunkCount, Z3foldFreeLinkage(map: map))
        byFreeChunks.add(run, freeChunkCount: freeChunkCount, Z3foldFreeLinkage(map: map))
    }

    @inline(__always)
    private mutating func count(_ frame: Z3foldFrame, sign: Int) {
        guard !frame.isHeadless else {
            headlessCount += sign
            return
        }
        objectCount += sign * frame.objectCount
        chunkCount += sign * frame.usedChunkCount
        let isShiftable = frame.betterMiddle != nil
        if isShiftable { shiftableCount += sign }
        guard let lone = frame.loneObject else { return }
        loneCount += sign
        guard isShiftable || lone != .middle else { return }
        let chunks = frame.usedChunkCount
        loneObjects[chunks] += Int32(sign)
        gapChanges[frame.freeChunkCount] -= Int32(sign)
        gapChanges[Chunk.usableCount - chunks] += Int32(sign)
    }

    /// The frame was allocated into just now, or is new.
    @inline(__always)
    mutating func pushLru(_ run: RunNumber, _ map: RunMap) {
        lru.pushFirst(run, Z3foldLruLinkage(map: map))
    }

    @inline(__always)
    mutating func removeLru(_ run: RunNumber, _ map: RunMap) {
        lru.remove(run, Z3foldLruLinkage(map: map))
    }

    /// Frames that become free when lone objects move together, as the counts tell: from the
    /// shortest on, each takes a gap of another frame, and those that find none join their like.
    ///
    /// A guess: a frame that was moved into counts as full, and where a gap may have been beside a
    /// lone object or beside two, that object counts as not alone any more. It is 0 when no lone
    /// object fits into another frame, which is what a whole compaction leaves.
    var freeableFrameCount: Int {
        guard loneCount > 0 else { return 0 }
        var gaps = InlineArray<63, Int> { Int(byFreeChunks[$0].count) + Int(gapChanges[$0]) }
        var loneCounts = InlineArray<63, Int> { Int(loneObjects[$0]) }
        var freed = 0
        for chunks in 1...Chunk.objectCountMax where loneCounts[chunks] > 0 {
            var lone = loneCounts[chunks]
            let own = Chunk.usableCount - chunks
            // An object can't move into the gap beside itself.
            gaps[own] -= lone
            for index in chunks..<ChunkLists.count where gaps[index] > 0 && lone > 0 {
                let moved = min(lone, gaps[index])
                gaps[index] -= moved
                lone -= moved
                freed += moved
                let hosts = Chunk.usableCount - index
                loneCounts[hosts] = max(loneCounts[hosts] - moved, 0)
            }
            let perFrame = min(3, Chunk.usableCount / chunks)
            let kept = (lone + perFrame - 1) / perFrame
            freed += lone - kept
            // Those that found no company still have their gap.
            if kept == lone { gaps[own] += lone }
        }
        return freed
    }

    /// Traps on a broken law; `checkFrame` also checks the frames.
    func checkInvariants(_ map: RunMap, _ checkFrame: (Z3foldFrame) -> Void) {
        var recount = Z3foldLists()
        lru.checkInvariants(Z3foldLruLinkage(map: map))
        lru.forEach(Z3foldLruLinkage(map: map)) { run in
            let frame = Z3foldFrame(run, in: map)
            checkFrame(frame)
            recount.count(frame, sign: 1)
        }
        let filed = byFreeChunks.checkInvariants(Z3foldFreeLinkage(map: map)) { run, index in
            let frame = Z3foldFrame(run, in: map)
            invariant(frame.freeChunkCount == index, "a frame is in the wrong list")
            invariant(!frame.isHeadless, "a headless frame takes another object")
        }
        invariant(
            Int(filed) + headlessCount == lru.count, "the lists do not hold the same frames")
        invariant(recount.headlessCount == headlessCount, "headless frames were lost")
        invariant(recount.objectCount == objectCount, "objects were lost")
        invariant(recount.chunkCount == chunkCount)
        invariant(recount.shiftableCount == shiftableCount)
        invariant(recount.loneCount == loneCount)
        for chunks in 0..<ChunkLists.count {
            invariant(recount.loneObjects[chunks] == loneObjects[chunks])
            invariant(recount.gapChanges[chunks] == gapChanges[chunks])
        }
    }
}
