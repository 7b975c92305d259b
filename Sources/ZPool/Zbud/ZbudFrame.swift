import Arena
import Synchronization
import ZswapCore

/// The two places of a frame of zbud. In a handle's lowest byte the first chunk tells them apart.
///
///     7              0
///     | first chunk   |       first: 1      last: 2 ... 63
///
/// Law: chunk 1 is always the first one's: a last one there would have 63 chunks, one too many.
enum ZbudPlace: Int, ChunkPlace {
    case first, last

    @inline(__always)
    var isHeadless: Bool { false }

    @inline(__always)
    func packed(startChunk: Int) -> Int { startChunk }

    @inline(__always)
    static func unpacked(_ byte: Int) -> (place: ZbudPlace, startChunk: Int) {
        (byte == 1 ? .first : .last, byte)
    }

    static func isWellFormed(_ byte: Int) -> Bool { byte >= 1 && byte < Chunk.frameCount }
}

/// A frame of zbud: ``ChunkFrame`` with two places, so that what is free lies in one piece.
///
///     descriptor   0  links by free chunks     16  number of the pool     20  chunks: first, last
///                  8  links in the LRU list                               22  under reclaim
///                                                                         23  in the LRU list
struct ZbudFrame: ChunkFrame {
    typealias Place = ZbudPlace
    typealias Tally = NoTally<ZbudFrame>

    enum Fields: ChunkFrameFields {
        static var freeLinks: RecordField<RunLinks> { RecordField(at: 0) }
        static var ageLinks: RecordField<RunLinks> { RecordField(at: 8) }
        static var poolNumber: RecordField<UInt32> { RecordField(at: 16) }
        static var firstChunkCount: RecordField<UInt8> { RecordField(at: 20) }
        static var lastChunkCount: RecordField<UInt8> { RecordField(at: 21) }
        static var isUnderReclaim: RecordField<UInt8> { RecordField(at: 22) }
        static var isInLRU: RecordField<UInt8> { RecordField(at: 23) }

        static var layout: RecordLayout {
            RecordLayout(
                byteCount: Arena.descriptorByteCount,
                spans: [
                    freeLinks.span, ageLinks.span, poolNumber.span, firstChunkCount.span,
                    lastChunkCount.span, isUnderReclaim.span, isInLRU.span,
                ])
        }
    }

    static var objectByteCountMax: Int { Chunk.objectByteCountMax }
    static var headlessPlace: ZbudPlace? { nil }
    static var evictionOrder: InlineArray<4, ZbudPlace?> { [.first, .last, nil, nil] }

    let descriptor: RunRecord
    let header: UnsafeMutableRawPointer

    @inline(__always)
    init(_ run: RunNumber, in map: RunMap) {
        descriptor = RunRecord(run, in: map)
        header = map.address(of: map.offset(of: run, frameCount: 1))
    }

    @inline(__always)
    func chunkCount(_ place: ZbudPlace) -> Int {
        switch place {
        case .first: Int(descriptor[Fields.firstChunkCount])
        case .last: Int(descriptor[Fields.lastChunkCount])
        }
    }

    @inline(__always)
    func startChunk(_ place: ZbudPlace) -> Int {
        place == .first ? 1 : Chunk.frameCount - chunkCount(.last)
    }

    @inline(__always)
    func setRoom(_ place: ZbudPlace, startChunk: Int, chunkCount: Int) {
        deepInvariant(
            chunkCount >= 0 && chunkCount <= Chunk.objectCountMax, "an object fills its frame")
        deepInvariant(
            place == .first || chunkCount == 0 || startChunk + chunkCount == Chunk.frameCount,
            "the last object ends before its frame")
        switch place {
        case .first: descriptor[Fields.firstChunkCount] = UInt8(chunkCount)
        case .last: descriptor[Fields.lastChunkCount] = UInt8(chunkCount)
        }
    }

    @inline(__always)
    var isEmpty: Bool { chunkCount(.first) == 0 && chunkCount(.last) == 0 }
    @inline(__always)
    var isHeadless: Bool { false }
    @inline(__always)
    var objectCount: Int { (chunkCount(.first) == 0 ? 0 : 1) + (chunkCount(.last) == 0 ? 0 : 1) }
    @inline(__always)
    var usedChunkCount: Int { chunkCount(.first) + chunkCount(.last) }

    /// None with two objects, whatever lies between them.
    @inline(__always)
    var freeChunkCount: Int {
        chunkCount(.first) != 0 && chunkCount(.last) != 0
            ? 0 : Chunk.usableCount - usedChunkCount
    }

    /// First if that is empty.
    @inline(__always)
    func emptyPlace(chunkCount count: Int) -> (place: ZbudPlace, startChunk: Int) {
        deepInvariant(chunkCount(.first) == 0 || chunkCount(.last) == 0, "no place is empty")
        deepInvariant(freeChunkCount >= count, "there is no room")
        return chunkCount(.first) == 0 ? (.first, 1) : (.last, Chunk.frameCount - count)
    }

    func room(_ place: ZbudPlace) -> Range<Int> {
        deepInvariant(chunkCount(place) == 0, "the place is taken")
        return switch place {
        case .first: 1..<Chunk.frameCount - chunkCount(.last)
        case .last: 1 + chunkCount(.first)..<Chunk.frameCount
        }
    }

    @inline(__always)
    func ownerWord(_ place: ZbudPlace) -> UnsafeMutablePointer<Atomic<UInt64>> {
        ownerWordInHeader(place)
    }
}
