/// Which chunks of a frame are taken, and where objects begin.
///
///     taken    1 1 1 1 1 1 1 0 1 1 0 …      bit i is chunk i
///     begins   1 0 0 1 0 0 0 0 1 0 0 …      objects of 3, 4 and 2 chunks
///
/// Law: an object reaches from its `begins` bit to the next one or to the next chunk that is not
/// taken. So no length has to be kept, and `free` needs to be told only where the object begins.
struct ChunkMap: Equatable {
    private(set) var taken: UInt64 = 0
    private(set) var begins: UInt64 = 0

    init() {}

    init(taken: UInt64, begins: UInt64) {
        self.taken = taken
        self.begins = begins
    }

    var isEmpty: Bool { taken == 0 }
    var objectCount: Int { begins.nonzeroBitCount }
    var chunkCount: Int { taken.nonzeroBitCount }

    /// Chunks in the longest hole: each step makes every hole one chunk shorter.
    var longestHole: Int {
        var holes = ~taken
        var count = 0
        while holes != 0 {
            holes &= holes >> 1
            count += 1
        }
        return count
    }

    /// The first chunk of the first hole of `chunkCount` chunks or more; nil when there is none.
    func firstHole(chunkCount: Int) -> Int? {
        var starts = ~taken
        for _ in 1..<chunkCount { starts &= starts >> 1 }
        return starts == 0 ? nil : starts.trailingZeroBitCount
    }

    /// Whether the `chunkCount` chunks from `chunk` on are free.
    func hasRoom(at chunk: Int, chunkCount: Int) -> Bool {
        taken & Self.bits(at: chunk, count: chunkCount) == 0
    }

    /// Takes the `chunkCount` chunks from `chunk` on for one object.
    mutating func take(at chunk: Int, chunkCount: Int) {
        precondition(hasRoom(at: chunk, chunkCount: chunkCount), "two objects in one place")
        taken |= Self.bits(at: chunk, count: chunkCount)
        begins |= 1 << UInt64(chunk)
    }

    /// Frees the object that begins here.
    mutating func free(at chunk: Int) {
        precondition(begins >> UInt64(chunk) & 1 == 1, "an object was freed twice")
        // What ends it, its own first chunk as bit 0: a free chunk, another object, the frame.
        let ends = (~taken | begins) >> UInt64(chunk) & ~1
        let left = FirstFit.frameChunkCount - chunk
        let chunkCount = ends == 0 ? left : ends.trailingZeroBitCount
        taken &= ~Self.bits(at: chunk, count: chunkCount)
        begins &= ~(1 << UInt64(chunk))
    }

    private static func bits(at chunk: Int, count: Int) -> UInt64 {
        (1 << UInt64(count) - 1) << UInt64(chunk)
    }
}
