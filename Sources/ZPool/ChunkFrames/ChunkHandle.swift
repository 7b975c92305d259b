import Arena
import ZswapCore

/// A driver's name for one of the places in a frame that is divided into chunks.
protocol ChunkPlace: RawRepresentable, Equatable, Sendable where RawValue == Int {
    /// Behind the header.
    static var first: Self { get }
    /// At the frame's end.
    static var last: Self { get }

    /// The place of an object that has its frame, without a header, for itself.
    var isHeadless: Bool { get }

    /// A handle's lowest byte.
    func packed(startChunk: Int) -> Int
    /// The place and the first chunk in a handle's lowest byte. Takes any byte.
    static func unpacked(_ byte: Int) -> (place: Self, startChunk: Int)
    /// Whether a pool can have made this byte.
    static func isWellFormed(_ byte: Int) -> Bool
}

/// The handle of an object in a frame of chunks: its run, its place in the frame, its first chunk.
///
///     39        8 7                        0
///     | run      | place and first chunk    |        the low byte is the driver's packing
///
/// Law: an object that moves gets another handle, also when it stays in its frame. A run is never
/// 0, so a handle never is.
struct ChunkHandle<Place: ChunkPlace> {
    let run: RunNumber
    let place: Place
    let startChunk: Int

    @inline(__always)
    init(run: RunNumber, place: Place, startChunk: Int) {
        deepInvariant(startChunk < Chunk.frameCount, "an object begins behind its frame")
        deepInvariant(
            place.isHeadless ? startChunk == 0 : startChunk >= 1, "an object lies on the header")
        deepInvariant(
            Place.unpacked(place.packed(startChunk: startChunk)) == (place, startChunk),
            "a handle would name another place")
        deepInvariant(run.rawValue != 0, "a handle of run 0 would be none")
        self.run = run
        self.place = place
        self.startChunk = startChunk
    }

    /// Unpacks a handle that a pool made. It may be no longer live, since readers take no lock.
    @inline(__always)
    init(_ handle: PoolHandle) {
        run = RunNumber(rawValue: UInt32(truncatingIfNeeded: handle.rawValue >> 8))
        (place, startChunk) = Place.unpacked(Int(handle.rawValue & 0xff))
    }

    @inline(__always)
    var packed: PoolHandle {
        PoolHandle(
            packed: UInt64(run.rawValue) << 8 | UInt64(place.packed(startChunk: startChunk)))
    }

    /// Whether a pool can have made this handle; for handles that were read from memory.
    static func isWellFormed(_ handle: PoolHandle) -> Bool {
        handle.rawValue >> 40 == 0 && Place.isWellFormed(Int(handle.rawValue & 0xff))
    }
}
