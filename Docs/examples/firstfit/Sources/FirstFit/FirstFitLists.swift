import Arena
import ZPool

/// The frames of a pool by their longest hole, with what is in them all together.
///
///     byHole[i]    frames whose longest hole is i chunks, last changed first      i = 0 … 63
///     occupied     bit i: byHole[i] has frames
///
/// Law: every frame of the pool is in exactly one list. One whose objects have all gone is in none:
/// it is the arena's again.
/// Price: the search is one bit scan; the lists take 800 bytes, and their links lie in the frames'
/// descriptors, so the pool asks for no memory but its frames.
struct FirstFitLists {
    private(set) var byHole = InlineArray<64, RunList>(repeating: RunList())
    private(set) var objectCount = 0
    private(set) var chunkCount = 0
    private var occupied: UInt64 = 0

    /// Takes chunks in a frame that has them; nil when none has.
    mutating func place(chunkCount: Int, _ map: RunMap) -> FirstFitHandle? {
        let fitting = occupied & .max << UInt64(chunkCount)
        guard fitting != 0, let run = byHole[fitting.trailingZeroBitCount].first else { return nil }
        let frame = FirstFitFrame(run, in: map)
        guard let chunk = frame.map.firstHole(chunkCount: chunkCount) else {
            preconditionFailure("a frame is in the wrong list")
        }
        change(run, frame, map) { $0.take(at: chunk, chunkCount: chunkCount) }
        return FirstFitHandle(run: run, chunk: chunk)
    }

    /// Changes what a frame holds, and with that the list it is in. One that held nothing is added,
    /// one that holds nothing afterwards is taken out.
    mutating func change(
        _ run: RunNumber, _ frame: FirstFitFrame, _ map: RunMap, _ body: (inout ChunkMap) -> Void
    ) {
        let before = frame.map
        var after = before
        body(&after)
        if !before.isEmpty {
            let hole = before.longestHole
            byHole[hole].remove(run, HoleLinkage(map: map))
            if byHole[hole].isEmpty { occupied &= ~(1 << UInt64(hole)) }
        }
        frame.map = after
        if !after.isEmpty {
            let hole = after.longestHole
            byHole[hole].pushFirst(run, HoleLinkage(map: map))
            occupied |= 1 << UInt64(hole)
        }
        objectCount += after.objectCount - before.objectCount
        chunkCount += after.chunkCount - before.chunkCount
    }

    /// Any frame; nil when there is none.
    var anyFrame: RunNumber? {
        occupied == 0 ? nil : byHole[occupied.trailingZeroBitCount].first
    }

    /// Traps on a broken law; returns how many frames there are.
    func checkInvariants(_ map: RunMap, poolNumber: UInt64) -> Int {
        var (frames, objects, chunks) = (0, 0, 0)
        for hole in byHole.indices {
            let list = byHole[hole]
            list.checkInvariants(HoleLinkage(map: map))
            precondition(list.isEmpty == (occupied >> UInt64(hole) & 1 == 0))
            list.forEach(HoleLinkage(map: map)) { run in
                let frame = FirstFitFrame(run, in: map)
                precondition(frame.poolNumber == poolNumber, "a frame of another pool")
                precondition(!frame.map.isEmpty, "an empty frame was kept")
                precondition(frame.map.longestHole == hole, "a frame is in the wrong list")
                precondition(frame.map.begins & ~frame.map.taken == 0, "an object without room")
                frames += 1
                objects += frame.map.objectCount
                chunks += frame.map.chunkCount
            }
        }
        precondition(objects == objectCount && chunks == chunkCount, "objects were lost")
        return frames
    }
}
