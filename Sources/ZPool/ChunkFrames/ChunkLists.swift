import Arena
import ZswapCore

/// Frames in lists by the chunks that one more object can get in them.
///
///     0: none     1: ...     ...     62: run 7|3 <-> run 9|0        last added first
///     occupied    ..0100110                                         bit i: list i has frames
///
/// Law: bit i of `occupied` is set iff list i has frames. A search takes the head of the first list
/// from the wanted chunks on: best fit by list.
/// Price: a search is one bit scan. 764 bytes.
struct ChunkLists: Sendable {
    /// A lone object takes at least one chunk, so no frame with an object has 63 free.
    static let count = Chunk.usableCount

    private var lists = InlineArray<63, RunList>(repeating: RunList())
    private var occupied: UInt64 = 0

    subscript(freeChunkCount: Int) -> RunList {
        @inline(__always) get { lists[freeChunkCount] }
    }

    /// Number of frames, by a look at each list.
    var frameCount: Int {
        var sum = 0
        for index in 0..<Self.count { sum += Int(lists[index].count) }
        return sum
    }

    /// The frame that an object of this many chunks goes into; nil when it needs a new one.
    ///
    /// Mutating, though it changes nothing: to read an element of an inline array the compiler
    /// (Swift 6.3) copies all 756 bytes of it, but an element that may change is reached in place.
    @inline(__always)
    mutating func bestFit(chunkCount: Int) -> RunNumber? {
        deepInvariant(chunkCount >= 0 && chunkCount < Self.count, "no frame has that much room")
        let candidates = occupied >> UInt64(chunkCount)
        guard candidates != 0 else { return nil }
        let found = Self.first(&lists[chunkCount + candidates.trailingZeroBitCount])
        deepInvariant(found != nil, "a list that counts as occupied is empty")
        return found
    }

    @inline(__always)
    private static func first(_ list: inout RunList) -> RunNumber? { list.first }

    /// The same for an object that must not stay in the frame where it is.
    func bestFit(
        chunkCount: Int, besides run: RunNumber, _ linkage: some RunLinkage
    ) -> RunNumber? {
        invariant(chunkCount > 0 && chunkCount < Self.count, "no frame has that much room")
        var candidates = (occupied >> UInt64(chunkCount)) << UInt64(chunkCount)
        // Only one list can have nothing else, so this goes round twice at most.
        while candidates != 0 {
            let list = lists[candidates.trailingZeroBitCount]
            invariant(!list.isEmpty, "a list that counts as occupied is empty")
            if list.first != run { return list.first }
            if let other = list.following(run, linkage) { return other }
            candidates &= candidates - 1
        }
        return nil
    }

    /// Adds a frame at the head of a list.
    @inline(__always)
    mutating func add(_ run: RunNumber, freeChunkCount: Int, _ linkage: some RunLinkage) {
        deepInvariant(freeChunkCount < Self.count, "a frame with an object has all chunks free")
        deepInvariant(
            lists[freeChunkCount].isEmpty == (occupied >> UInt64(freeChunkCount) & 1 == 0),
            "a list's bit contradicts it")
        lists[freeChunkCount].pushFirst(run, linkage)
        occupied |= 1 << UInt64(freeChunkCount)
    }

    /// Removes a frame from the list that it is in.
    @inline(__always)
    mutating func remove(_ run: RunNumber, freeChunkCount: Int, _ linkage: some RunLinkage) {
        deepInvariant(occupied >> UInt64(freeChunkCount) & 1 == 1, "the list has no frame")
        lists[freeChunkCount].remove(run, linkage)
        deepInvariant(lists[freeChunkCount].isEmpty == (lists[freeChunkCount].count == 0))
        if lists[freeChunkCount].isEmpty { occupied &= ~(1 << UInt64(freeChunkCount)) }
    }

    /// Traps on a broken law, calls `body` with every frame and the list that it is in, and returns
    /// how many there are.
    func checkInvariants(
        _ linkage: some RunLinkage, _ body: (_ run: RunNumber, _ freeChunkCount: Int) -> Void
    ) -> UInt32 {
        var sum: UInt32 = 0
        for index in 0..<Self.count {
            let list = lists[index]
            list.checkInvariants(linkage)
            list.forEach(linkage) { body($0, index) }
            let isOccupied = occupied & 1 << UInt64(index) != 0
            invariant(isOccupied == !list.isEmpty, "a list's bit contradicts it")
            sum += list.count
        }
        invariant(occupied >> UInt64(Self.count) == 0, "a bit without a list is set")
        return sum
    }
}
