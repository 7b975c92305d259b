import Arena
import Synchronization
import Threads
import ZswapCore

/// A pool of z3fold; what it is stands at ``Z3foldDriver``.
///
/// Lock order: `lists`, then a lane of the arena. The lock is not held while a frame is taken,
/// since that may wait for the grower, nor while the user evicts; it is held while the user follows
/// an object that moves.
final class Z3foldPool: Pool {
    let arena: Arena
    let map: RunMap
    /// Weak, because a user owns its pools.
    weak let user: (any PoolUser)?
    /// Tells this pool's frames from others' and from what an earlier process left; never 0.
    let number = UInt32.random(in: 1 ... .max)
    let lists = ServingLock(Z3foldLists())
    let frameCount = Atomic<Int>(0)
    let isCompacting = Atomic<Bool>(false)
    let compactedFrameCount = Atomic<Int>(0)
    /// Walks of compactions over the frames since the pool was made.
    let walkCount = Atomic<UInt32>(0)

    var objectByteCountMax: Int { Page.byteCount }
    var hugeByteCount: Int { Chunk.objectByteCountMax + 1 }
    var totalByteCount: Int { frameCount.load(ordering: .relaxed) * Page.byteCount }
    var compactedPageCount: Int { compactedFrameCount.load(ordering: .relaxed) }

    init(arena: Arena, user: (any PoolUser)?) {
        self.arena = arena
        map = arena.runMap
        self.user = user
    }

    func malloc(_ byteCount: Int) throws(ZpoolError) -> PoolHandle {
        invariant(byteCount > 0)
        invariant(byteCount <= Page.byteCount)
        let isHeadless = byteCount > Chunk.objectByteCountMax
        let chunkCount = isHeadless ? Chunk.frameCount : Chunk.count(ofBytes: byteCount)
        if !isHeadless {
            let found = lists.withLock { place(chunkCount, &$0) }
            if let found { return found }
        }
        let object = Z3foldHandle(
            run: try takeFrame(), place: isHeadless ? .headless : .first,
            startChunk: isHeadless ? 0 : 1)
        lists.withLock { lists in
            let frame = Z3foldFrame(object.run, in: map)
            frame.open(poolNumber: number)
            frame.take(object.place, startChunk: object.startChunk, chunkCount: chunkCount)
            lists.file(object.run, frame, map)
            lists.pushLru(object.run, map)
        }
        return object.packed
    }

    /// Puts an object beside others.
    @inline(__always)
    private func place(_ chunkCount: Int, _ lists: inout Z3foldLists) -> PoolHandle? {
        guard let run = lists.bestFit(chunkCount: chunkCount) else { return nil }
        let object = take(chunkCount, in: run, &lists)
        lists.removeLru(run, map)
        lists.pushLru(run, map)
        return object.packed
    }

    /// Takes room in a frame that has it, and files the frame anew.
    @inline(__always)
    func take(_ chunkCount: Int, in run: RunNumber, _ lists: inout Z3foldLists) -> Z3foldHandle {
        let frame = Z3foldFrame(run, in: map)
        assert(frame.freeChunkCount >= chunkCount)
        lists.unfile(run, frame, map)
        let (place, start) = frame.emptyPlace(chunkCount: chunkCount)
        frame.take(place, startChunk: start, chunkCount: chunkCount)
        lists.file(run, frame, map)
        return Z3foldHandle(run: run, place: place, startChunk: start)
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
        let object = Z3foldHandle(handle)
        let isFrameEmpty = lists.withLock { lists in
            let frame = Z3foldFrame(object.run, in: map)
            checkLive(object, frame)
            // A frame under reclaim is in no list; whoever reclaims it also files or frees it.
            guard !frame.isUnderReclaim else {
                frame.clear(object.place)
                return false
            }
            return drop(object, &lists)
        }
        if isFrameEmpty { giveBackFrame(object.run) }
    }

    /// Takes an object out of a frame and files the frame anew. True when it is empty: then it is
    /// in no list any more, and the caller's.
    @inline(__always)
    func drop(_ object: Z3foldHandle, _ lists: inout Z3foldLists) -> Bool {
        let frame = Z3foldFrame(object.run, in: map)
        lists.unfile(object.run, frame, map)
        frame.clear(object.place)
        guard frame.isEmpty else {
            lists.file(object.run, frame, map)
            return false
        }
        lists.removeLru(object.run, map)
        frame.poolNumber = 0
        return true
    }

    func prepareFree(_ handle: PoolHandle) {
        map.prefetch(at: map.descriptor(of: Z3foldHandle(handle).run))
    }

    @inline(__always)
    private func checkLive(_ object: Z3foldHandle, _ frame: Z3foldFrame) {
        invariant(frame.poolNumber == number, "a handle of no live object, or of another pool")
        invariant(frame.chunkCount(object.place) != 0, "an object was freed twice")
        invariant(
            frame.startChunk(object.place) == object.startChunk, "an object was freed twice")
    }

    func giveBackFrame(_ run: RunNumber) {
        frameCount.subtract(1, ordering: .relaxed)
        arena.freeRun(run, frameCount: 1, from: .pool)
    }

    func offset(of handle: PoolHandle) -> ArenaOffset { offset(of: Z3foldHandle(handle)) }

    @inline(__always)
    func offset(of object: Z3foldHandle) -> ArenaOffset {
        map.offset(of: object.run, frameCount: 1) + object.startChunk << Chunk.byteShift
    }

    func setOwner(_ owner: ObjectOwner, of handle: PoolHandle) {
        let object = Z3foldHandle(handle)
        // Releasing: whoever sees the owner also sees the bytes that were written before.
        Z3foldFrame(object.run, in: map).ownerWord(object.place).pointee
            .store(owner.rawValue, ordering: .releasing)
    }

    func owner(of handle: PoolHandle) -> ObjectOwner? { owner(of: Z3foldHandle(handle)) }

    func owner(of object: Z3foldHandle) -> ObjectOwner? {
        let word = Z3foldFrame(object.run, in: map).ownerWord(object.place)
        return ObjectOwner(rawValue: word.pointee.load(ordering: .acquiring))
    }

    func destroy() {
        lists.withLock { lists in
            while let run = lists.lru.first {
                let frame = Z3foldFrame(run, in: map)
                lists.unfile(run, frame, map)
                lists.removeLru(run, map)
                frame.poolNumber = 0
                giveBackFrame(run)
            }
        }
        invariant(frameCount.load(ordering: .relaxed) == 0, "destroyed while reclaiming")
    }
}
