import Arena
import ZswapCore

/// The counts that z3fold keeps of its frames, to know whether compaction would gain something.
///
///     loneObjects[c]   how many frames have one object of c chunks, which lies at an end or can
///     gapChanges[i]    what becomes of byFreeChunks[i] when those go to an end
///
/// Law: it counts the frames with a header that are in the lists.
/// Price: 520 bytes; a few additions each time a frame is filed.
struct Z3foldTally: ChunkTally {
    /// Frames whose middle object should lie elsewhere in its frame.
    private(set) var shiftableCount = 0
    /// Frames with one object.
    private(set) var loneCount = 0
    fileprivate var loneObjects = InlineArray<63, Int32>(repeating: 0)
    fileprivate var gapChanges = InlineArray<63, Int32>(repeating: 0)

    @inline(__always)
    mutating func count(_ frame: Z3foldFrame, sign: Int) {
        deepInvariant(sign == 1 || sign == -1, "a frame comes or goes")
        deepInvariant(!frame.isHeadless, "a headless object can't move")
        let isShiftable = frame.betterMiddle != nil
        if isShiftable { shiftableCount += sign }
        guard let lone = frame.loneObject else { return }
        loneCount += sign
        guard isShiftable || lone != .middle else { return }
        let chunks = frame.usedChunkCount
        loneObjects[chunks] += Int32(sign)
        deepInvariant(loneObjects[chunks] >= 0, "a lone object is taken out twice")
        deepInvariant(loneCount >= 0 && shiftableCount >= 0, "a frame is taken out twice")
        gapChanges[frame.freeChunkCount] -= Int32(sign)
        gapChanges[Chunk.usableCount - chunks] += Int32(sign)
    }

    static func == (left: Z3foldTally, right: Z3foldTally) -> Bool {
        left.shiftableCount == right.shiftableCount && left.loneCount == right.loneCount
            && left.loneObjects.indices.allSatisfy {
                left.loneObjects[$0] == right.loneObjects[$0]
                    && left.gapChanges[$0] == right.gapChanges[$0]
            }
    }
}

extension FrameLists<Z3foldFrame> {
    /// Frames that become free when lone objects move together, as the counts tell: from the
    /// shortest on, each takes a gap of another frame, and those that find none share a frame.
    ///
    /// A guess: a frame that was moved into counts as full, and where a gap may have been beside a
    /// lone object or beside two, that object counts as not alone any more. It is 0 when no lone
    /// object fits into another frame, which is what a whole compaction leaves.
    var freeableFrameCount: Int {
        guard tally.loneCount > 0 else { return 0 }
        var gaps = InlineArray<63, Int> { Int(byFreeChunks[$0].count) + Int(tally.gapChanges[$0]) }
        var loneCounts = InlineArray<63, Int> { Int(tally.loneObjects[$0]) }
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
        deepInvariant(
            freed >= 0 && freed <= tally.loneCount, "more frames go than have a lone object")
        return freed
    }
}
