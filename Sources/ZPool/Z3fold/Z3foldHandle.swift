import Arena
import ZswapCore

/// Where an object lies, and which of the places of its frame it has.
///
///     39        8 7         6 5             0
///     | run      | place     | first chunk   |    first: 1    headless: 0    others: 2 ... 63
///
/// Law: an object that moves gets another handle, also when it stays in its frame. A run is never
/// 0, so a handle never is.
struct Z3foldHandle {
    /// The places of a frame.
    enum Place: Int { case first, middle, last, headless }

    let run: RunNumber
    let place: Place
    let startChunk: Int

    @inline(__always)
    init(run: RunNumber, place: Place, startChunk: Int) {
        assert(startChunk >= 0 && startChunk < Chunk.frameCount)
        self.run = run
        self.place = place
        self.startChunk = startChunk
    }

    @inline(__always)
    init(_ handle: PoolHandle) {
        let word = handle.rawValue
        run = RunNumber(rawValue: UInt32(truncatingIfNeeded: word >> 8))
        switch word >> 6 & 3 {
        case 0: place = .first
        case 1: place = .middle
        case 2: place = .last
        default: place = .headless
        }
        startChunk = Int(word & 63)
    }

    @inline(__always)
    var packed: PoolHandle {
        PoolHandle(
            packed: UInt64(run.rawValue) << 8 | UInt64(place.rawValue) << 6 | UInt64(startChunk))
    }

    /// Whether a pool can have made this handle; for handles that were read from memory.
    static func isWellFormed(_ handle: PoolHandle) -> Bool {
        guard handle.rawValue >> 40 == 0 else { return false }
        let object = Z3foldHandle(handle)
        switch object.place {
        case .headless: return object.startChunk == 0
        case .first: return object.startChunk == 1
        case .middle, .last: return object.startChunk > 1
        }
    }
}
