import Arena
import Synchronization
import ZswapCore

/// The fields of a frame's descriptor that every driver of chunked frames has. The driver fixes
/// where each lies: a server of another version may have left the arena.
protocol ChunkFrameFields {
    /// In a list by free chunks; not for a headless frame.
    static var freeLinks: RecordField<RunLinks> { get }
    /// In the LRU list, or in that of headless frames.
    static var ageLinks: RecordField<RunLinks> { get }
    /// The number of the frame's pool; 0: none.
    static var poolNumber: RecordField<UInt32> { get }
    static var isUnderReclaim: RecordField<UInt8> { get }
    /// Whether it is in the LRU list.
    static var isInLRU: RecordField<UInt8> { get }
    /// These fields and the driver's own.
    static var layout: RecordLayout { get }
}

/// A frame that is divided into chunks, seen through its descriptor and its header. Drivers differ
/// in the places that a frame has, and in the room that one more object can get.
///
///     descriptor   links, pool's number, marks, chunks of each place          32 bytes
///     frame        chunk 0: owner words of the places | chunks 1 ... 63: objects
///                  headless: one object of 64 chunks, its owner word is in the descriptor
///
/// Law: an object is there iff its chunk count is not 0. An owner word is 0 until the owner is set,
/// and anything once the object is gone. Owner words are read and written without the pool's lock,
/// everything else under it. A frame under reclaim is in no list.
/// Price: lists are walked and changed in descriptors alone, 128 to a page of memory, so that
/// neither a frame nor its translation need be fetched for them.
protocol ChunkFrame {
    associatedtype Place: ChunkPlace
    associatedtype Fields: ChunkFrameFields
    associatedtype Tally: ChunkTally where Tally.Frame == Self

    /// Largest object, in bytes.
    static var objectByteCountMax: Int { get }
    /// The place of larger objects than a frame with a header takes; nil where there are none.
    static var headlessPlace: Place? { get }
    /// The order in which the objects of a frame are evicted.
    static var evictionOrder: InlineArray<4, Place?> { get }

    init(_ run: RunNumber, in map: RunMap)
    var descriptor: RunRecord { get }
    /// The frame's first byte.
    var header: UnsafeMutableRawPointer { get }

    func chunkCount(_ place: Place) -> Int
    /// The first chunk of an object that is there.
    func startChunk(_ place: Place) -> Int
    /// Sets where an object lies, without touching its owner word; 0 chunks: it is gone.
    func setRoom(_ place: Place, startChunk: Int, chunkCount: Int)

    var isEmpty: Bool { get }
    var isHeadless: Bool { get }
    var objectCount: Int { get }
    /// Chunks of objects; not for a headless one.
    var usedChunkCount: Int { get }
    /// Chunks that one more object can get; 0 when it can't get any.
    var freeChunkCount: Int { get }
    /// The place and the first chunk for one more object of this many chunks. There must be room
    /// for it.
    func emptyPlace(chunkCount: Int) -> (place: Place, startChunk: Int)
    /// Chunks that an object in this empty place can get.
    func room(_ place: Place) -> Range<Int>
    func ownerWord(_ place: Place) -> UnsafeMutablePointer<Atomic<UInt64>>
}

extension ChunkFrame {
    var poolNumber: UInt32 {
        @inline(__always) get { descriptor[Fields.poolNumber] }
        nonmutating set { descriptor[Fields.poolNumber] = newValue }
    }
    var isUnderReclaim: Bool {
        @inline(__always) get { descriptor[Fields.isUnderReclaim] != 0 }
        nonmutating set { descriptor[Fields.isUnderReclaim] = newValue ? 1 : 0 }
    }
    var isInLRU: Bool {
        @inline(__always) get { descriptor[Fields.isInLRU] != 0 }
        @inline(__always) nonmutating set { descriptor[Fields.isInLRU] = newValue ? 1 : 0 }
    }

    /// The owner word of an object in a frame with a header, shared between threads.
    @inline(__always)
    func ownerWordInHeader(_ place: Place) -> UnsafeMutablePointer<Atomic<UInt64>> {
        deepInvariant(!place.isHeadless, "a headless frame has no header")
        deepInvariant((place.rawValue + 1) * MemoryLayout<UInt64>.size <= Chunk.byteCount)
        return (header + place.rawValue * MemoryLayout<UInt64>.size)
            .assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    /// Makes an empty frame, whatever the memory holds. Owners are cleared as places are taken.
    @inline(__always)
    func open(poolNumber number: UInt32) {
        deepInvariant(number != 0, "0 is no pool's number")
        descriptor.clear()
        poolNumber = number
        deepInvariant(isEmpty && !isInLRU && !isUnderReclaim)
    }

    /// Clears the pool number, so that a late handle to the frame traps.
    @inline(__always)
    func close() {
        invariant(isEmpty, "a frame is given back with an object in it")
        invariant(!isInLRU, "a frame is given back in the LRU list")
        deepInvariant(!isUnderReclaim, "a frame is given back while its objects are evicted")
        deepInvariant(poolNumber != 0, "a frame is given back twice")
        poolNumber = 0
    }

    /// Gives an object its room, without an owner.
    @inline(__always)
    func take(_ place: Place, startChunk: Int, chunkCount: Int) {
        deepInvariant(self.chunkCount(place) == 0, "two objects in one place")
        deepInvariant(isInRoom(place, startChunk, chunkCount), "two objects overlap")
        deepInvariant(chunkCount > 0, "an object without room")
        setRoom(place, startChunk: startChunk, chunkCount: chunkCount)
        deepInvariant(self.startChunk(place) == startChunk, "an object lies beside its room")
        ownerWord(place).pointee.store(0, ordering: .relaxed)
    }

    /// Makes a place empty.
    @inline(__always)
    func clear(_ place: Place) {
        deepInvariant(chunkCount(place) != 0, "an object is cleared twice")
        setRoom(place, startChunk: 0, chunkCount: 0)
    }

    /// Whether an object can lie there beside what the frame holds already.
    func isFree(_ place: Place, startChunk: Int, chunkCount: Int) -> Bool {
        guard !place.isHeadless else { return isEmpty }
        guard !isHeadless, self.chunkCount(place) == 0 else { return false }
        return isInRoom(place, startChunk, chunkCount)
    }

    private func isInRoom(_ place: Place, _ startChunk: Int, _ chunkCount: Int) -> Bool {
        guard !place.isHeadless else { return startChunk == 0 && chunkCount == Chunk.frameCount }
        let room = room(place)
        return startChunk >= room.lowerBound && startChunk + chunkCount <= room.upperBound
    }

    /// Traps when the objects overlap, or lie where no object can.
    func checkObjects() {
        invariant(!isEmpty, "an empty frame was kept")
        var taken: UInt64 = isHeadless ? 0 : 1
        let order = Self.evictionOrder
        for index in order.indices {
            guard let place = order[index], chunkCount(place) != 0 else { continue }
            let (start, count) = (startChunk(place), chunkCount(place))
            invariant(start + count <= Chunk.frameCount, "an object reaches out of its frame")
            invariant(
                place.isHeadless || count <= Chunk.objectCountMax, "an object fills its frame")
            let chunks = (UInt64.max >> UInt64(Chunk.frameCount - count)) << UInt64(start)
            invariant(taken & chunks == 0, "two objects overlap")
            taken |= chunks
        }
    }
}

/// A driver's counts of its frames, besides those of objects and chunks.
protocol ChunkTally: Equatable, Sendable {
    associatedtype Frame: ChunkFrame
    /// Of no frame.
    init()
    /// Adds a frame with a header, or with a sign of -1 takes it out as it was added.
    mutating func count(_ frame: Frame, sign: Int)
}

/// Nothing more.
struct NoTally<Frame: ChunkFrame>: ChunkTally {
    @inline(__always)
    mutating func count(_ frame: Frame, sign: Int) {}
}

/// The links of the lists by free chunks.
struct FreeLinkage<Frame: ChunkFrame>: RunLinkage {
    let map: RunMap
    @inline(__always)
    func links(of run: RunNumber) -> UnsafeMutablePointer<RunLinks> {
        RunRecord(run, in: map).pointer(to: Frame.Fields.freeLinks)
    }
}

/// The links of the LRU list, and of the list of headless frames.
struct AgeLinkage<Frame: ChunkFrame>: RunLinkage {
    let map: RunMap
    @inline(__always)
    func links(of run: RunNumber) -> UnsafeMutablePointer<RunLinks> {
        RunRecord(run, in: map).pointer(to: Frame.Fields.ageLinks)
    }
}
