import Arena
import Synchronization

/// A frame of z3fold, seen through its descriptor and its header.
///
///     descriptor   0  links by free chunks, or the owner    20  chunks: first, middle, last,
///                     of a headless object                      headless
///                  8  number of the pool                    24  first chunk of the middle
///                 12  links in the LRU list                 25  under reclaim
///                                                           28  compaction that looked last
///     header       0  owners: first, middle, last               chunk 0; not there if headless
///
/// Law: an object is there iff its chunk count is not 0; a headless one counts 64 and is alone. An
/// owner word is 0 until the owner is set. Owner words are read and written without the pool's
/// lock, everything else under it. A frame under reclaim is in no list.
struct Z3foldFrame {
    typealias Place = Z3foldHandle.Place

    /// Chunks that a frame must gain to be worth a move within it, as in the kernel.
    private static let gainMin = 3

    // Raw addresses: both lie in memory that serves other types at other times.
    private let descriptor: UnsafeMutableRawPointer
    private let header: UnsafeMutableRawPointer

    @inline(__always)
    init(_ run: RunNumber, in map: RunMap) {
        descriptor = map.address(of: map.descriptor(of: run))
        header = map.address(of: map.offset(of: run, frameCount: 1))
    }

    var freeLinks: UnsafeMutablePointer<RunLinks> {
        descriptor.assumingMemoryBound(to: RunLinks.self)
    }
    var lruLinks: UnsafeMutablePointer<RunLinks> {
        (descriptor + 12).assumingMemoryBound(to: RunLinks.self)
    }
    var poolNumber: UInt32 {
        get { descriptor.load(fromByteOffset: 8, as: UInt32.self) }
        nonmutating set { descriptor.storeBytes(of: newValue, toByteOffset: 8, as: UInt32.self) }
    }
    var isUnderReclaim: Bool {
        get { descriptor.load(fromByteOffset: 25, as: UInt8.self) != 0 }
        nonmutating set {
            descriptor.storeBytes(of: newValue ? 1 : 0, toByteOffset: 25, as: UInt8.self)
        }
    }
    /// The number of the walk of a compaction that met this frame last; 0 for none.
    var walkNumber: UInt32 {
        get { descriptor.load(fromByteOffset: 28, as: UInt32.self) }
        nonmutating set { descriptor.storeBytes(of: newValue, toByteOffset: 28, as: UInt32.self) }
    }

    @inline(__always)
    func chunkCount(_ place: Place) -> Int {
        Int(descriptor.load(fromByteOffset: 20 + place.rawValue, as: UInt8.self))
    }
    @inline(__always)
    private var middleStart: Int {
        Int(descriptor.load(fromByteOffset: 24, as: UInt8.self))
    }

    /// The owner word of an object, shared between threads.
    @inline(__always)
    func ownerWord(_ place: Place) -> UnsafeMutablePointer<Atomic<UInt64>> {
        (place == .headless ? descriptor : header + 8 * place.rawValue)
            .assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    /// Makes an empty frame of whatever the memory held.
    @inline(__always)
    func open(poolNumber number: UInt32) {
        descriptor.initializeMemory(
            as: UInt8.self, repeating: 0, count: Arena.descriptorByteCount)
        poolNumber = number
    }

    /// Gives an object its room, without an owner.
    @inline(__always)
    func take(_ place: Place, startChunk: Int, chunkCount: Int) {
        setRoom(place, startChunk: startChunk, chunkCount: chunkCount)
        ownerWord(place).pointee.store(0, ordering: .relaxed)
    }

    /// Makes a place empty. Its owner word may hold anything from here on.
    @inline(__always)
    func clear(_ place: Place) { setRoom(place, startChunk: 0, chunkCount: 0) }

    /// Says where an object lies, whose owner word is right already.
    @inline(__always)
    func setRoom(_ place: Place, startChunk: Int, chunkCount: Int) {
        descriptor.storeBytes(
            of: UInt8(chunkCount), toByteOffset: 20 + place.rawValue, as: UInt8.self)
        guard place == .middle else { return }
        descriptor.storeBytes(of: UInt8(startChunk), toByteOffset: 24, as: UInt8.self)
    }
}

/// What is in a frame, and what one more object can get.
extension Z3foldFrame {
    var isEmpty: Bool { descriptor.load(fromByteOffset: 20, as: UInt32.self) == 0 }
    var isHeadless: Bool { chunkCount(.headless) != 0 }
    @inline(__always)
    var objectCount: Int {
        (chunkCount(.first) == 0 ? 0 : 1) + (chunkCount(.middle) == 0 ? 0 : 1)
            + (chunkCount(.last) == 0 ? 0 : 1) + (chunkCount(.headless) == 0 ? 0 : 1)
    }
    /// Chunks of objects; not for a headless one.
    @inline(__always)
    var usedChunkCount: Int { chunkCount(.first) + chunkCount(.middle) + chunkCount(.last) }

    /// The first chunk of an object that is there.
    @inline(__always)
    func startChunk(_ place: Place) -> Int {
        switch place {
        case .first: 1
        case .middle: middleStart
        case .last: Chunk.frameCount - chunkCount(.last)
        case .headless: 0
        }
    }

    /// The chunks between the first object and the last one, or header and end, that the middle one
    /// lies in.
    private var inner: Range<Int> { 1 + chunkCount(.first)..<Chunk.frameCount - chunkCount(.last) }

    /// Chunks that an object in this empty place can get.
    func room(_ place: Place) -> Range<Int> {
        let middle = chunkCount(.middle)
        guard middle != 0 else { return inner }
        return switch place {
        case .first: inner.lowerBound..<middleStart
        case .last: middleStart + middle..<inner.upperBound
        case .middle, .headless: 0..<0
        }
    }

    /// Chunks that one more object can get: a gap counts where a place at it is empty.
    @inline(__always)
    var freeChunkCount: Int {
        let (first, middle, last) = (chunkCount(.first), chunkCount(.middle), chunkCount(.last))
        guard middle != 0 else { return Chunk.usableCount - first - last }
        let before = first == 0 ? middleStart - 1 : 0
        let after = last == 0 ? Chunk.frameCount - middleStart - middle : 0
        return max(before, after)
    }

    /// Where one more object of this many chunks goes. There must be room for it.
    @inline(__always)
    func emptyPlace(chunkCount count: Int) -> (place: Place, startChunk: Int) {
        let isMiddleEmpty = chunkCount(.middle) == 0
        if isMiddleEmpty && chunkCount(.first) == 0 { return (.first, 1) }
        if chunkCount(.last) == 0 && (isMiddleEmpty || room(.last).count >= count) {
            return (.last, Chunk.frameCount - count)
        }
        return isMiddleEmpty ? (.middle, 1 + chunkCount(.first)) : (.first, 1)
    }

    /// Where the middle object should rather lie, so that the free chunks are in one piece: in the
    /// larger gap, at its far end. A lone one goes to the start of the frame if it can. Nil when
    /// that gains too little, or when old and new place would overlap.
    var betterMiddle: (place: Place, startChunk: Int)? {
        let (first, middle, last) = (chunkCount(.first), chunkCount(.middle), chunkCount(.last))
        guard middle != 0, first == 0 || last == 0 else { return nil }
        let before = middleStart - inner.lowerBound
        let after = inner.upperBound - middleStart - middle
        let isLone = first == 0 && last == 0
        guard isLone || before + after - freeChunkCount >= Self.gainMin else { return nil }
        guard max(before, after) >= middle else { return nil }
        if isLone ? before >= middle : before >= after {
            return first == 0 ? (.first, 1) : (.middle, inner.lowerBound)
        }
        return (last == 0 ? .last : .middle, inner.upperBound - middle)
    }

    /// The place of the only object of a frame that has one; nil when it has more, or is headless.
    var loneObject: Place? {
        let used = usedChunkCount
        guard used != 0 else { return nil }
        return if used == chunkCount(.first) {
            .first
        } else if used == chunkCount(.last) {
            .last
        } else if used == chunkCount(.middle) {
            .middle
        } else {
            nil
        }
    }
}

/// The links of the lists by free chunks.
struct Z3foldFreeLinkage: RunLinkage {
    let map: RunMap
    @inline(__always)
    func links(of run: RunNumber) -> UnsafeMutablePointer<RunLinks> {
        Z3foldFrame(run, in: map).freeLinks
    }
}

/// The links of the LRU list.
struct Z3foldLruLinkage: RunLinkage {
    let map: RunMap
    @inline(__always)
    func links(of run: RunNumber) -> UnsafeMutablePointer<RunLinks> {
        Z3foldFrame(run, in: map).lruLinks
    }
}
