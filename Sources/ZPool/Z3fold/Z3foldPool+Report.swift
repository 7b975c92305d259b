import Arena
import Synchronization
import Threads
import ZswapCore

/// Looking inside.
extension Z3foldPool {
    /// Frames by the chunks that one more object can get, then those that take no more, then
    /// headless ones, then all.
    var report: PoolReport {
        // Only the counts are read: a walk would hold the lock for as long as the pool is large.
        let lists = lists.withLock { $0 }
        var rows: [[String]] = []
        for index in 1..<ChunkLists.count {
            rows.append(["unbuddied[\(index)]", "\(lists.byFreeChunks[index].count)"])
        }
        rows.append(["full", "\(lists.byFreeChunks[0].count)"])
        rows.append(["headless", "\(lists.headlessCount)"])
        rows.append(["total", "\(frameCount.load(ordering: .relaxed))"])
        return PoolReport(columns: ["list", "frames"], rows: rows)
    }

    /// A frame under reclaim is in no list, so it does not count for as long as that takes.
    var usage: PoolUsage {
        lists.withLock { lists in
            let withHeader = Int(lists.lru.count) - lists.headlessCount
            return PoolUsage(
                frameCount: Int(lists.lru.count),
                objectCount: lists.objectCount + lists.headlessCount,
                headerByteCount: withHeader * Chunk.byteCount,
                roomByteCount: lists.chunkCount * Chunk.byteCount
                    + lists.headlessCount * Page.byteCount,
                tailByteCount: 0)
        }
    }

    var freeablePageCount: Int { lists.withLock { $0.freeableFrameCount } }

    func checkInvariants() {
        let frames = frameCount.load(ordering: .relaxed)
        lists.withLock { lists in
            lists.checkInvariants(map) { frame in
                invariant(frame.poolNumber == number, "a frame of another pool")
                invariant(!frame.isEmpty, "an empty frame was kept")
                invariant(!frame.isUnderReclaim, "a frame under reclaim is in a list")
                checkObjects(frame)
            }
            invariant(Int(lists.lru.count) == frames, "frames were lost")
        }
    }

    private func checkObjects(_ frame: Z3foldFrame) {
        guard !frame.isHeadless else {
            invariant(frame.chunkCount(.headless) == Chunk.frameCount)
            invariant(frame.objectCount == 1, "a headless object is not alone")
            return
        }
        var end = 1
        for place in [.first, .middle, .last] as [Z3foldHandle.Place]
        where frame.chunkCount(place) != 0 {
            invariant(frame.startChunk(place) >= end, "two objects overlap")
            end = frame.startChunk(place) + frame.chunkCount(place)
            invariant(frame.chunkCount(place) <= Chunk.objectCountMax)
        }
        invariant(end <= Chunk.frameCount, "an object reaches out of its frame")
    }
}
