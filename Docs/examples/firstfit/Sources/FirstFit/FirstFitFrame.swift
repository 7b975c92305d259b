import Arena
import ZPool

/// A frame of firstfit, seen through its descriptor: 32 bytes that the arena keeps for each run and
/// that are its holder's. Beside the frame, so that all 4096 bytes are for objects.
///
///     0  chunks taken     8  objects' first chunks     16  links in a list     24  pool's number
///
/// Law: read and written under the pool's lock only. What is here when a run is taken is whatever
/// its last holder left.
struct FirstFitFrame {
    // A raw address: the arena is mapped memory without types, and a driver says what lies where.
    // It is good as long as the arena lives, and the pool holds the arena.
    private let words: UnsafeMutablePointer<UInt64>

    init(_ run: RunNumber, in map: RunMap) {
        words = map.address(of: map.descriptor(of: run)).assumingMemoryBound(to: UInt64.self)
    }

    var map: ChunkMap {
        get { ChunkMap(taken: words[0], begins: words[1]) }
        nonmutating set {
            words[0] = newValue.taken
            words[1] = newValue.begins
        }
    }

    /// The pool that owns the frame; 0: none. It tells a handle of a frame that has gone, or of one
    /// that a damaged table names.
    var poolNumber: UInt64 {
        get { words[3] }
        nonmutating set { words[3] = newValue }
    }

    var links: UnsafeMutablePointer<RunLinks> {
        UnsafeMutableRawPointer(words + 2).assumingMemoryBound(to: RunLinks.self)
    }
}

/// The links of the lists by longest hole.
struct HoleLinkage: RunLinkage {
    let map: RunMap
    func links(of run: RunNumber) -> UnsafeMutablePointer<RunLinks> {
        FirstFitFrame(run, in: map).links
    }
}

/// Where an object lies.
///
///     39        8 7              0
///     | run      | first chunk    |
///
/// Law: a run is never 0, so a handle never is. It holds nothing of this process, so it is true in
/// the next one, too.
struct FirstFitHandle {
    let run: RunNumber
    let chunk: Int

    init(run: RunNumber, chunk: Int) {
        self.run = run
        self.chunk = chunk
    }

    init(_ handle: PoolHandle) {
        run = RunNumber(rawValue: UInt32(truncatingIfNeeded: handle.rawValue >> 8))
        chunk = Int(handle.rawValue & 0xff)
    }

    var packed: PoolHandle { PoolHandle(packed: UInt64(run.rawValue) << 8 | UInt64(chunk)) }

    /// Whether a pool can have made this handle; for handles that were read from memory.
    static func isWellFormed(_ handle: PoolHandle) -> Bool {
        handle.rawValue >> 40 == 0 && handle.rawValue & 0xff < UInt64(FirstFit.frameChunkCount)
    }
}
