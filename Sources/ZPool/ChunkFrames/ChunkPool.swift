import Arena
import Synchronization
import Threads
import ZswapCore

/// The state of a pool of chunked frames, the same for every kind of frame.
///
/// Lock order: `lists`, then a lane of the arena. The lock is not held while a frame is taken,
/// since that may wait for the grower, nor while the user evicts.
struct ChunkPoolCore<Frame: ChunkFrame>: ~Copyable, Sendable {
    let arena: Arena
    let map: RunMap
    /// Weak, because a user owns its pools.
    weak let user: (any PoolUser)?
    /// Tells this pool's frames from others' and from what an earlier process left; never 0.
    let number = UInt32.random(in: 1 ... .max)
    let lists = ServingLock(FrameLists<Frame>())
    /// Frames in the lists and those on the way to or from them.
    let frameCount = Atomic<Int>(0)

    init(arena: Arena, user: (any PoolUser)?) {
        Frame.Fields.layout.check()
        invariant(Frame.objectByteCountMax <= Page.byteCount)
        invariant(
            (Frame.headlessPlace == nil) == (Frame.objectByteCountMax == Chunk.objectByteCountMax),
            "a frame with a header takes no larger objects")
        self.arena = arena
        map = arena.runMap
        self.user = user
    }
}

/// A pool whose frames are shared out in chunks: all that zbud and z3fold have in common. A driver
/// defines its frames (``ChunkFrame``), and adds what only it can do.
///
///     malloc -> best fit by free chunks -> the frame's empty place
///                 none: a new frame of the arena
///     free   -> the frame is filed anew, or, empty, given back
///
/// Law: that of ``FrameLists``, kept under its lock. A pool gives a frame back when its
/// last object goes, and not while it is under reclaim.
/// Price: one lock, which is held for a few descriptors' changes. The methods are made anew for
/// each driver by the compiler, so nothing is called through a protocol but the pool itself.
protocol ChunkPool: Pool {
    associatedtype Frame: ChunkFrame
    typealias Handle = ChunkHandle<Frame.Place>
    typealias Lists = FrameLists<Frame>

    var core: ChunkPoolCore<Frame> { get }
}

extension ChunkPool {
    var objectByteCountMax: Int { Frame.objectByteCountMax }
    var hugeByteCount: Int { Chunk.objectByteCountMax + 1 }
    func roomByteCount(of byteCount: Int) -> Int {
        guard byteCount <= Chunk.objectByteCountMax else { return Page.byteCount }
        return Chunk.count(ofBytes: byteCount) * Chunk.byteCount
    }
    var totalByteCount: Int { core.frameCount.load(ordering: .relaxed) * Page.byteCount }

    func malloc(_ byteCount: Int) throws(ZpoolError) -> PoolHandle {
        invariant(byteCount > 0)
        invariant(byteCount <= Frame.objectByteCountMax)
        if byteCount > Chunk.objectByteCountMax {
            guard let place = Frame.headlessPlace else { throw .tooLarge }
            return try openFrame(place, startChunk: 0, chunkCount: Chunk.frameCount)
        }
        let chunkCount = Chunk.count(ofBytes: byteCount)
        if let found = core.lists.withLock({ place(chunkCount, &$0) }) { return found.packed }
        return try openFrame(.first, startChunk: 1, chunkCount: chunkCount)
    }

    /// Puts an object beside others; nil when no frame has room.
    @inline(__always)
    private func place(_ chunkCount: Int, _ lists: inout Lists) -> Handle? {
        guard let run = lists.bestFit(chunkCount: chunkCount) else { return nil }
        return take(chunkCount, in: run, &lists, isYoungest: true)
    }

    /// Takes room in a frame that has it, and files the frame anew.
    @inline(__always)
    func take(
        _ chunkCount: Int, in run: RunNumber, _ lists: inout Lists, isYoungest: Bool
    ) -> Handle {
        let frame = Frame(run, in: core.map)
        deepInvariant(frame.poolNumber == core.number, "a list has a frame of another pool")
        deepInvariant(frame.freeChunkCount >= chunkCount, "a frame is in the wrong list")
        lists.unfile(run, frame, core.map)
        let (place, start) = frame.emptyPlace(chunkCount: chunkCount)
        frame.take(place, startChunk: start, chunkCount: chunkCount)
        lists.file(run, frame, core.map, isYoungest: isYoungest)
        return Handle(run: run, place: place, startChunk: start)
    }

    /// An object in a frame of its own.
    @inline(__always)
    private func openFrame(
        _ place: Frame.Place, startChunk: Int, chunkCount: Int
    ) throws(ZpoolError) -> PoolHandle {
        let object = Handle(run: try takeFrame(), place: place, startChunk: startChunk)
        core.lists.withLock { lists in
            let frame = Frame(object.run, in: core.map)
            frame.open(poolNumber: core.number)
            frame.take(place, startChunk: startChunk, chunkCount: chunkCount)
            lists.file(object.run, frame, core.map, isYoungest: true)
            deepInvariant(isEachCounted(in: lists), "a frame is filed that was not taken")
        }
        return object.packed
    }

    /// Frames are counted before they are filed, and until they are out of the lists.
    private func isEachCounted(in lists: Lists) -> Bool {
        lists.frameCount <= core.frameCount.load(ordering: .relaxed)
    }

    private func takeFrame() throws(ZpoolError) -> RunNumber {
        do {
            let run = try core.arena.takeRun(frameCount: 1, for: .pool)
            invariant(run.rawValue != 0, "a handle of run 0 would be none")
            core.frameCount.add(1, ordering: .relaxed)
            return run
        } catch {
            throw .outOfMemory
        }
    }

    func free(_ handle: PoolHandle) {
        let object = Handle(handle)
        let isFrameEmpty = core.lists.withLock { lists in
            let frame = Frame(object.run, in: core.map)
            checkLive(object, frame)
            // A frame under reclaim is in no list; its reclaim also files or frees it.
            guard !frame.isUnderReclaim else {
                deepInvariant(!frame.isInLRU, "a frame under reclaim is in the LRU list")
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
    func drop(_ object: Handle, _ lists: inout Lists) -> Bool {
        let frame = Frame(object.run, in: core.map)
        deepInvariant(frame.poolNumber == core.number, "a frame of another pool")
        deepInvariant(!frame.isUnderReclaim, "a frame under reclaim is in no list")
        deepInvariant(
            frame.startChunk(object.place) == object.startChunk, "an object lies elsewhere")
        lists.unfile(object.run, frame, core.map)
        frame.clear(object.place)
        guard frame.isEmpty else {
            lists.file(object.run, frame, core.map, isYoungest: false)
            return false
        }
        lists.leaveLRU(object.run, frame, core.map)
        frame.close()
        return true
    }

    func prepareFree(_ handle: PoolHandle) {
        core.map.prefetch(at: core.map.descriptor(of: Handle(handle).run))
    }

    @inline(__always)
    private func checkLive(_ object: Handle, _ frame: Frame) {
        invariant(frame.poolNumber == core.number, "a handle of no live object, or not ours")
        invariant(frame.chunkCount(object.place) != 0, "an object was freed twice")
        invariant(
            frame.startChunk(object.place) == object.startChunk, "an object was freed twice")
    }

    func giveBackFrame(_ run: RunNumber) {
        deepInvariant(
            Frame(run, in: core.map).poolNumber == 0, "a frame is given back that is not closed")
        let before = core.frameCount.subtract(1, ordering: .relaxed).oldValue
        invariant(before > 0, "a frame is given back that was never taken")
        core.arena.freeRun(run, frameCount: 1, from: .pool)
    }

    func destroy() {
        core.lists.withLock { lists in
            while let run = lists.anyFrame() {
                let frame = Frame(run, in: core.map)
                invariant(frame.poolNumber == core.number, "a list has a frame of another pool")
                lists.unfile(run, frame, core.map)
                lists.leaveLRU(run, frame, core.map)
                frame.poolNumber = 0
                giveBackFrame(run)
            }
        }
        invariant(
            core.frameCount.load(ordering: .relaxed) == 0, "destroyed while reclaiming")
    }
}

/// Finding an object: arithmetic on its handle, without a lock.
extension ChunkPool {
    func offset(of handle: PoolHandle) -> ArenaOffset { offset(of: Handle(handle)) }

    @inline(__always)
    func offset(of object: Handle) -> ArenaOffset {
        core.map.offset(of: object.run, frameCount: 1) + object.startChunk << Chunk.byteShift
    }

    func setOwner(_ owner: ObjectOwner, of handle: PoolHandle) {
        let object = Handle(handle)
        let frame = Frame(object.run, in: core.map)
        deepInvariant(frame.poolNumber == core.number, "an owner for an object of another pool")
        // Releasing: a thread that sees the owner also sees the bytes that were written before.
        frame.ownerWord(object.place).pointee.store(owner.rawValue, ordering: .releasing)
    }

    func owner(of handle: PoolHandle) -> ObjectOwner? { owner(of: Handle(handle)) }

    func owner(of object: Handle) -> ObjectOwner? {
        let word = Frame(object.run, in: core.map).ownerWord(object.place)
        return ObjectOwner(rawValue: word.pointee.load(ordering: .acquiring))
    }
}
