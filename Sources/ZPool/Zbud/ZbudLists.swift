import Arena

/// The lists of a zbud pool, which decide where an object goes.
///
///     unbuddied[i]   frames with one object and i free chunks, last re-filed first    i = 1 ... 62
///     buddied        frames with two objects
///     lru            all frames, last allocated into first
///
/// Law: a frame that is not under reclaim is in `lru` and in exactly one other list. Bit i of
/// `occupied` is set iff list i has frames. A search takes the head of the first list from the
/// wanted chunks on: best fit by list.
/// Price: a search is one bit scan. The lists are 780 bytes.
struct ZbudLists: Sendable {
    /// 0: buddied; i: unbuddied with i free chunks. A lone object leaves at least one chunk and
    /// takes at least one, so 0 is free for the other list.
    private(set) var byFreeChunks = InlineArray<63, RunList>(repeating: RunList())
    private(set) var lru = RunList()
    /// Objects and their chunks in the frames of `byFreeChunks`.
    private(set) var objectCount = 0
    private(set) var chunkCount = 0
    private var occupied: UInt64 = 0

    /// The frame that an object of this many chunks goes into; nil when it needs a new one.
    @inline(__always)
    func bestFit(chunkCount: Int) -> RunNumber? {
        let candidates = occupied >> UInt64(chunkCount)
        guard candidates != 0 else { return nil }
        return byFreeChunks[chunkCount + candidates.trailingZeroBitCount].first
    }

    /// Adds a frame to the head of the list where it belongs now.
    @inline(__always)
    mutating func file(_ run: RunNumber, _ frame: ZbudFrame, _ map: RunMap) {
        let index = frame.listIndex
        byFreeChunks[index].pushFirst(run, ZbudBuddyLinkage(map: map))
        objectCount += frame.objectCount
        chunkCount += Zbud.chunkCount - frame.freeChunkCount
        occupied |= 1 << UInt64(index)
    }

    /// Removes a frame from its list, before its chunk counts change.
    @inline(__always)
    mutating func unfile(_ run: RunNumber, _ frame: ZbudFrame, _ map: RunMap) {
        let index = frame.listIndex
        byFreeChunks[index].remove(run, ZbudBuddyLinkage(map: map))
        objectCount -= frame.objectCount
        chunkCount -= Zbud.chunkCount - frame.freeChunkCount
        if byFreeChunks[index].isEmpty { occupied &= ~(1 << UInt64(index)) }
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

    /// Traps on a broken law; `frame` also checks the frames.
    func checkInvariants(_ map: RunMap, _ checkFrame: (RunNumber, ZbudFrame) -> Void) {
        lru.checkInvariants(ZbudLruLinkage(map: map))
        var filed: UInt32 = 0
        var objects = 0
        var chunks = 0
        for index in 0..<byFreeChunks.count {
            let list = byFreeChunks[index]
            list.checkInvariants(ZbudBuddyLinkage(map: map))
            list.forEach(ZbudBuddyLinkage(map: map)) { run in
                let frame = ZbudFrame(run, in: map)
                precondition(frame.listIndex == index, "a frame is in the wrong list")
                objects += frame.objectCount
                chunks += Zbud.chunkCount - frame.freeChunkCount
                checkFrame(run, frame)
            }
            let isOccupied = occupied & 1 << UInt64(index) != 0
            precondition(isOccupied == !list.isEmpty)
            filed += list.count
        }
        precondition(filed == lru.count, "the lists do not hold the same frames")
        precondition(objects == objectCount && chunks == chunkCount, "objects were lost")
    }
}
