import Arena
import Synchronization
import Threads
import ZswapCore

/// Looking inside.
extension ChunkPool {
    /// Frames by the chunks that one more object can get, then what the driver names of the others,
    /// then all.
    func report(_ others: (Lists) -> [(name: String, count: Int)]) -> PoolReport {
        // Only the counts are read: a walk would hold the lock for as long as the pool is large.
        let lists = core.lists.withLock { $0 }
        var rows: [[String]] = []
        for index in 1..<ChunkLists.count {
            rows.append(["unbuddied[\(index)]", "\(lists.byFreeChunks[index].count)"])
        }
        for row in others(lists) { rows.append([row.name, "\(row.count)"]) }
        rows.append(["total", "\(core.frameCount.load(ordering: .relaxed))"])
        return PoolReport(columns: ["list", "frames"], rows: rows)
    }

    /// A frame under reclaim is in no list, so it does not count for as long as that takes.
    var usage: PoolUsage {
        core.lists.withLock { lists in
            PoolUsage(
                frameCount: lists.frameCount,
                objectCount: lists.objectCount + lists.headlessCount,
                headerByteCount: (lists.frameCount - lists.headlessCount) * Chunk.byteCount,
                roomByteCount: lists.chunkCount * Chunk.byteCount
                    + lists.headlessCount * Page.byteCount,
                tailByteCount: 0)
        }
    }

    func checkInvariants() {
        let frames = core.frameCount.load(ordering: .relaxed)
        core.lists.withLock { lists in
            lists.checkInvariants(core.map) { frame in
                invariant(frame.poolNumber == core.number, "a frame of another pool")
                invariant(!frame.isUnderReclaim, "a frame under reclaim is in a list")
                frame.checkObjects()
            }
            invariant(lists.frameCount == frames, "frames were lost")
        }
    }
}
