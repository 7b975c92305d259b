import Arena
import Synchronization
import Threads
import ZswapCore

/// A pool of zbud; what it is stands at ``ZbudDriver``.
///
/// Lock order: `lists`, then a lane of the arena. The lock is not held while a frame is taken,
/// since that may wait for the grower, nor while the user evicts.
final class ZbudPool: Pool {
    let arena: Arena
    let map: RunMap
    /// Weak, because a user owns its pools.
    weak let user: (any PoolUser)?
    /// Tells this pool's frames from others' and from what an earlier process left; never 0.
    let number = UInt32.random(in: 1 ... .max)
    let lists = ServingLock(ZbudLists())
    let frameCount = Atomic<Int>(0)

    var objectByteCountMax: Int { Chunk.objectByteCountMax }
    var hugeByteCount: Int { Chunk.objectByteCountMax + 1 }
    var totalByteCount: Int { frameCount.load(ordering: .relaxed) * Page.byteCount }

    init(arena: Arena, user: (any PoolUser)?) {
        self.arena = arena
        map = arena.runMap
        self.user = user
    }

    func malloc(_ byteCount: Int) throws(ZpoolError) -> PoolHandle {
        invariant(byteCount > 0)
        invariant(byteCount <= Chunk.objectByteCountMax)
        let chunkCount = Chunk.count(ofBytes: byteCount)
        if let handle = lists.withLock({ place(chunkCount, &$0) }) { return handle }
        let run = try takeFrame()
        return lists.withLock { lists in
            let frame = ZbudFrame(run, in: map)
            frame.open(poolNumber: number)
            frame.take(.first, chunkCount: chunkCount)
            lists.file(run, frame, map)
            lists.pushLru(run, map)
            return ZbudHandle.first(of: run).packed
        }
    }

    /// Puts an object beside another one, into first if that place is empty.
    private func place(_ chunkCount: Int, _ lists: inout ZbudLists) -> PoolHandle? {
        guard let run = lists.bestFit(chunkCount: chunkCount) else { return nil }
        let frame = ZbudFrame(run, in: map)
        assert(frame.freeChunkCount >= chunkCount)
        lists.unfile(run, frame, map)
        let buddy: ZbudHandle.Buddy = frame.firstChunkCount == 0 ? .first : .last
        frame.take(buddy, chunkCount: chunkCount)
        lists.file(run, frame, map)
        lists.removeLru(run, map)
        lists.pushLru(run, map)
        return buddy == .first
            ? ZbudHandle.first(of: run).packed
            : ZbudHandle.last(of: run, chunkCount: chunkCount).packed
    }

    private func takeFrame() throws(ZpoolError) -> RunNumber {
        do {
            let run = try arena.takeRun(frameCount: 1, for: .pool)
            frameCount.add(1, ordering: .relaxed)
            return run
        } catch {
            throw .outOfMemory
        }
    }

    func free(_ handle: PoolHandle) {
        let object = ZbudHandle(handle)
        let isFrameEmpty = lists.withLock { lists in
            let frame = ZbudFrame(object.run, in: map)
            checkLive(object, frame)
            // A frame under reclaim is in no list; whoever reclaims it also files or frees it.
            guard !frame.isUnderReclaim else {
                frame.release(object.buddy)
                return false
            }
            lists.unfile(object.run, frame, map)
            frame.release(object.buddy)
            guard frame.isEmpty else {
                lists.file(object.run, frame, map)
                return false
            }
            lists.removeLru(object.run, map)
            frame.poolNumber = 0
            return true
        }
        if isFrameEmpty { giveBackFrame(object.run) }
    }

    func prepareFree(_ handle: PoolHandle) {
        map.prefetch(at: map.descriptor(of: ZbudHandle(handle).run))
    }

    @inline(__always)
    private func checkLive(_ object: ZbudHandle, _ frame: ZbudFrame) {
        invariant(frame.poolNumber == number, "a handle of no live object, or of another pool")
        switch object.buddy {
        case .first: invariant(frame.firstChunkCount != 0, "an object was freed twice")
        case .last:
            let expected = Chunk.frameCount - object.startChunk
            invariant(frame.lastChunkCount == expected, "an object was freed twice")
        }
    }

    func giveBackFrame(_ run: RunNumber) {
        frameCount.subtract(1, ordering: .relaxed)
        arena.freeRun(run, frameCount: 1, from: .pool)
    }

    func offset(of handle: PoolHandle) -> ArenaOffset {
        let object = ZbudHandle(handle)
        return map.offset(of: object.run, frameCount: 1)
            + object.startChunk << Chunk.byteShift
    }

    func setOwner(_ owner: ObjectOwner, of handle: PoolHandle) {
        let object = ZbudHandle(handle)
        // Releasing: whoever sees the owner also sees the bytes that were written before.
        ZbudFrame(object.run, in: map).ownerWord(object.buddy).pointee
            .store(owner.rawValue, ordering: .releasing)
    }

    func owner(of handle: PoolHandle) -> ObjectOwner? {
        let object = ZbudHandle(handle)
        return owner(of: object.buddy, ZbudFrame(object.run, in: map))
    }

    func owner(of buddy: ZbudHandle.Buddy, _ frame: ZbudFrame) -> ObjectOwner? {
        ObjectOwner(rawValue: frame.ownerWord(buddy).pointee.load(ordering: .acquiring))
    }

    func destroy() {
        lists.withLock { lists in
            while let run = lists.lru.first {
                let frame = ZbudFrame(run, in: map)
                lists.unfile(run, frame, map)
                lists.removeLru(run, map)
                frame.poolNumber = 0
                giveBackFrame(run)
            }
        }
        invariant(frameCount.load(ordering: .relaxed) == 0, "destroyed while reclaiming")
    }
}
