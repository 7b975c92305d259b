import Arena
import Synchronization
import Threads
import ZswapCore

/// Looking inside.
extension ZbudPool {
    /// Frames by free chunks, then those with two objects, then all.
    var report: PoolReport {
        // Only the counts are read: a walk would hold the lock for as long as the pool is large.
        let lists = lists.withLock { $0 }
        var rows: [[String]] = []
        for index in 1..<ChunkLists.count {
            rows.append(["unbuddied[\(index)]", "\(lists.byFreeChunks[index].count)"])
        }
        rows.append(["buddied", "\(lists.byFreeChunks[0].count)"])
        rows.append(["total", "\(frameCount.load(ordering: .relaxed))"])
        return PoolReport(columns: ["list", "frames"], rows: rows)
    }

    /// A frame under reclaim is in no list, so it does not count for as long as that takes.
    var usage: PoolUsage {
        lists.withLock { lists in
            PoolUsage(
                frameCount: Int(lists.lru.count), objectCount: lists.objectCount,
                headerByteCount: Int(lists.lru.count) * Chunk.byteCount,
                roomByteCount: lists.chunkCount * Chunk.byteCount, tailByteCount: 0)
        }
    }

    func checkInvariants() {
        let frames = frameCount.load(ordering: .relaxed)
        lists.withLock { lists in
            lists.checkInvariants(map) { frame in
                invariant(frame.poolNumber == number, "a frame of another pool")
                invariant(!frame.isEmpty, "an empty frame was kept")
                invariant(!frame.isUnderReclaim, "a frame under reclaim is in a list")
                invariant(frame.freeChunkCount >= 0, "the buddies overlap")
                invariant(frame.firstChunkCount <= Chunk.objectCountMax)
                invariant(frame.lastChunkCount <= Chunk.objectCountMax)
            }
            invariant(Int(lists.lru.count) == frames, "frames were lost")
        }
    }
}
