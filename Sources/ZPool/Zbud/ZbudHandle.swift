import Arena
import ZswapCore

/// Where an object lies, and with that which of the two buddies it is.
///
///     39        8 7              0
///     | run      | first chunk    |       first buddy: 1      last buddy: 2 ... 63
///
/// Law: chunk 1 is always the first buddy's: a last buddy there would have 63 chunks, one too many.
/// A run is never 0, so a handle never is.
struct ZbudHandle {
    enum Buddy { case first, last }

    let run: RunNumber
    let startChunk: Int

    @inline(__always)
    init(run: RunNumber, startChunk: Int) {
        assert(startChunk >= 1 && startChunk < Chunk.frameCount)
        self.run = run
        self.startChunk = startChunk
    }

    @inline(__always)
    init(_ handle: PoolHandle) {
        run = RunNumber(rawValue: UInt32(truncatingIfNeeded: handle.rawValue >> 8))
        startChunk = Int(handle.rawValue & 0xff)
    }

    @inline(__always)
    static func first(of run: RunNumber) -> ZbudHandle { ZbudHandle(run: run, startChunk: 1) }

    @inline(__always)
    static func last(of run: RunNumber, chunkCount: Int) -> ZbudHandle {
        ZbudHandle(run: run, startChunk: Chunk.frameCount - chunkCount)
    }

    @inline(__always)
    var packed: PoolHandle { PoolHandle(packed: UInt64(run.rawValue) << 8 | UInt64(startChunk)) }

    @inline(__always)
    var buddy: Buddy { startChunk == 1 ? .first : .last }

    /// Whether a pool can have made this handle; for handles that were read from memory.
    static func isWellFormed(_ handle: PoolHandle) -> Bool {
        let chunk = handle.rawValue & 0xff
        return handle.rawValue >> 40 == 0 && chunk >= 1 && chunk < UInt64(Chunk.frameCount)
    }
}
