import Arena
import ZswapCore

/// The lists of a zbud pool, which decide where an object goes.
///
///     byFreeChunks[i]   frames with one object and i free chunks       i = 1 ... 62
///     byFreeChunks[0]   frames with two objects: buddied
///     lru               all frames, last allocated into first
///
/// Law: a frame that is not under reclaim is in `lru` and in exactly one other list.
/// Price: two links a frame; the lists are 790 bytes.
struct ZbudLists: Sendable {
    private(set) var byFreeChunks = ChunkLists()
    private(set) var lru = RunList()
    /// Objects and their chunks in the frames of `byFreeChunks`.
    private(set) var objectCount = 0
    private(set) var chunkCount = 0

    /// The frame that an object of this many chunks goes into; nil when it needs a new one.
    @inline(__always)
    mutating func bestFit(chunkCount: Int) -> RunNumber? {
        byFreeChunks.bestFit(chunkCount: chunkCount)
    }

    /// Adds a frame to the head of the list where it belongs now.
    @inline(__always)
    mutating func file(_ run: RunNumber, _ frame: ZbudFrame, _ map: RunMap) {
        byFreeChunks.add(run, freeChunkCount: frame.listIndex, ZbudBuddyLinkage(map: map))
        objectCount += frame.objectCount
        chunkCount += Chunk.usableCount - frame.freeChunkCount
    }

    /// Removes a frame from its list, before its chunk counts change.
    @inline(__always)
    mutating func unfile(_ run: RunNumber, _ frame: ZbudFrame, _ map: RunMap) {
        byFreeChunks.remove(run, freeChunkCount: frame.listIndex, ZbudBuddyLinkage(map: map))
        objectCount -= frame.objectCount
        chunkCount -= Chunk.usableCount - frame.freeChunkCount
    }

    /// The frame was allocated into just now, or is new.
    @inline(__always)
    mutating func pushLru(_ run: RunNumber, _ map: RunMap) {
        lru.pushFirst(run, ZbudLruLinkage(map: map))
    }

    @inline(__always)
    mutating func removeLru(_ run: RunNumber, _ map: RunMap) {
        lru.remove(run, ZbudLruLinkage(map: map))
    }

    /// Traps on a broken law; `checkFrame` also checks the frames.
    func checkInvariants(_ map: RunMap, _ checkFrame: (ZbudFrame) -> Void) {
        lru.checkInvariants(ZbudLruLinkage(map: map))
        var objects = 0
        var chunks = 0
        let filed = byFreeChunks.checkInvariants(ZbudBuddyLinkage(map: map)) { run, index in
            let frame = ZbudFrame(run, in: map)
            invariant(frame.listIndex == index, "a frame is in the wrong list")
            objects += frame.objectCount
            chunks += Chunk.usableCount - frame.freeChunkCount
            checkFrame(frame)
        }
        invariant(filed == lru.count, "the lists do not hold the same frames")
        invariant(objects == objectCount && chunks == chunkCount, "objects were lost")
    }
}
