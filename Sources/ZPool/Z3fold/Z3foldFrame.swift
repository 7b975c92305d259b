import Arena
import Synchronization
import ZswapCore

/// A frame of z3fold: ``ChunkFrame`` with three places, so that what is free may lie in two pieces.
///
///     descriptor   0  links by free chunks, or the owner    20  chunks: first, middle, last,
///                     of a headless object                      headless
///                  8  number of the pool                    24  first chunk of the middle
///                 12  links in the LRU list                 25  under reclaim
///                                                           26  in the LRU list
///                                                           28  compaction that looked last
///
/// Law: a headless object counts 64 chunks and is alone.
struct Z3foldFrame: ChunkFrame {
    typealias Place = Z3foldPlace
    typealias Tally = Z3foldTally

    enum Fields: ChunkFrameFields {
        static var freeLinks: RecordField<RunLinks> { RecordField(at: 0) }
        static var headlessOwner: RecordField<Atomic<UInt64>> { RecordField(over: freeLinks) }
        static var poolNumber: RecordField<UInt32> { RecordField(at: 8) }
        static var ageLinks: RecordField<RunLinks> { RecordField(at: 12) }
        /// The chunks of all places, a byte each, by place from the lowest on.
        static var chunkCounts: RecordField<UInt32> { RecordField(at: 20) }
        static var middleStart: RecordField<UInt8> { RecordField(at: 24) }
        static var isUnderReclaim: RecordField<UInt8> { RecordField(at: 25) }
        static var isInLRU: RecordField<UInt8> { RecordField(at: 26) }
        static var walkNumber: RecordField<UInt32> { RecordField(at: 28) }

        static var layout: RecordLayout {
            RecordLayout(
                byteCount: Arena.descriptorByteCount,
                spans: [
                    freeLinks.span, poolNumber.span, ageLinks.span, chunkCounts.span,
                    middleStart.span, isUnderReclaim.span, isInLRU.span, walkNumber.span,
                ])
        }
    }

    static var objectByteCountMax: Int { Page.byteCount }
    static var headlessPlace: Z3foldPlace? { .headless }
    static var evictionOrder: InlineArray<4, Z3foldPlace?> { [.headless, .middle, .first, .last] }
    /// Chunks that a frame must gain to be worth a move within it, as in the kernel.
    private static let gainMin = 3

    let descriptor: RunRecord
    let header: UnsafeMutableRawPointer

    @inline(__always)
    init(_ run: RunNumber, in map: RunMap) {
        descriptor = RunRecord(run, in: map)
        header = map.address(of: map.offset(of: run, frameCount: 1))
    }

    /// The number of the walk of a compaction that met this frame last; 0 for none.
    var walkNumber: UInt32 {
        get { descriptor[Fields.walkNumber] }
        nonmutating set { descriptor[Fields.walkNumber] = newValue }
    }

    @inline(__always)
    func chunkCount(_ place: Z3foldPlace) -> Int {
        Int(descriptor[Fields.chunkCounts] >> UInt32(8 * place.rawValue) & 0xff)
    }
    @inline(__always)
    private var middleStart: Int { Int(descriptor[Fields.middleStart]) }

    @inline(__always)
    func ownerWord(_ place: Z3foldPlace) -> UnsafeMutablePointer<Atomic<UInt64>> {
        place == .headless
            ? descriptor.pointer(to: Fields.headlessOwner) : ownerWordInHeader(place)
    }

    @inline(__always)
    func setRoom(_ place: Z3foldPlace, startChunk: Int, chunkCount: Int) {
        deepInvariant(
            chunkCount <= (place == .headless ? Chunk.frameCount : Chunk.objectCountMax),
            "an object fills its frame")
        deepInvariant(
            place != .middle || chunkCount == 0 || startChunk > 1, "the middle object is first")
        let shift = UInt32(8 * place.rawValue)
        let others = descriptor[Fields.chunkCounts] & ~(0xff << shift)
        descriptor[Fields.chunkCounts] = others | UInt32(chunkCount) << shift
        if place == .middle { descriptor[Fields.middleStart] = UInt8(startChunk) }
    }
}

/// The objects in a frame, and the room for one more.
extension Z3foldFrame {
    @inline(__always)
    var isEmpty: Bool { descriptor[Fields.chunkCounts] == 0 }
    @inline(__always)
    var isHeadless: Bool { chunkCount(.headless) != 0 }
    @inline(__always)
    var objectCount: Int {
        (chunkCount(.first) == 0 ? 0 : 1) + (chunkCount(.middle) == 0 ? 0 : 1)
            + (chunkCount(.last) == 0 ? 0 : 1) + (chunkCount(.headless) == 0 ? 0 : 1)
    }
    @inline(__always)
    var usedChunkCount: Int { chunkCount(.first) + chunkCount(.middle) + chunkCount(.last) }

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

    func room(_ place: Place) -> Range<Int> {
        deepInvariant(!isHeadless && chunkCount(place) == 0, "the place is taken")
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
        deepInvariant(!isHeadless, "a headless object leaves no chunk")
        let (first, middle, last) = (chunkCount(.first), chunkCount(.middle), chunkCount(.last))
        guard middle != 0 else { return Chunk.usableCount - first - last }
        let before = first == 0 ? middleStart - 1 : 0
        let after = last == 0 ? Chunk.frameCount - middleStart - middle : 0
        return max(before, after)
    }

    @inline(__always)
    func emptyPlace(chunkCount count: Int) -> (place: Place, startChunk: Int) {
        deepInvariant(count > 0 && count <= Chunk.objectCountMax, "no object has that length")
        deepInvariant(!isHeadless && freeChunkCount >= count, "there is no room")
        let isMiddleEmpty = chunkCount(.middle) == 0
        if isMiddleEmpty && chunkCount(.first) == 0 { return (.first, 1) }
        if chunkCount(.last) == 0 && (isMiddleEmpty || room(.last).count >= count) {
            return (.last, Chunk.frameCount - count)
        }
        return isMiddleEmpty ? (.middle, 1 + chunkCount(.first)) : (.first, 1)
    }

    /// A better place for the middle object, so that the free chunks are in one piece: in the
    /// larger gap, at its far end. A lone one goes to the start of the frame if it can. Nil when
    /// that gains too little, or when old and new place would overlap.
    var betterMiddle: (place: Place, startChunk: Int)? {
        let (first, middle, last) = (chunkCount(.first), chunkCount(.middle), chunkCount(.last))
        guard middle != 0, first == 0 || last == 0 else { return nil }
        let before = middleStart - inner.lowerBound
        let after = inner.upperBound - middleStart - middle
        let isLone = first == 0 && last == 0
        deepInvariant(before >= 0 && after >= 0, "the middle object overlaps another")
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
