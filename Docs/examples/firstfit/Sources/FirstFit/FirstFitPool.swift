import Arena
import Synchronization
import ZPool
import ZswapCore

/// A pool of firstfit; what it is stands at ``FirstFitDriver``.
///
/// Lock order: `lists`, then the arena's own locks. The lock is not held while a frame is taken,
/// since that may wait for memory. Owners are read and written without it.
final class FirstFitPool: Pool {
    private let arena: Arena
    private let map: RunMap
    /// Tells this pool's frames from others' and from what an earlier process left; never 0.
    private let number = UInt64.random(in: 1 ... .max)
    private let lists = Mutex(FirstFitLists())
    private let frameCount = Atomic<Int>(0)

    init(arena: Arena) {
        self.arena = arena
        map = arena.runMap
    }

    var objectByteCountMax: Int { FirstFit.objectByteCountMax }
    var hugeByteCount: Int { FirstFit.objectByteCountMax + 1 }
    var totalByteCount: Int { frameCount.load(ordering: .relaxed) * Page.byteCount }

    // MARK: Objects

    func malloc(_ byteCount: Int) throws(ZpoolError) -> PoolHandle {
        let chunkCount = FirstFit.chunkCount(byteCount)
        if let object = lists.withLock({ place(chunkCount, &$0) }) { return object.packed }
        let run = try takeFrame()
        return lists.withLock { lists in
            let frame = open(run)
            lists.change(run, frame, map) { $0.take(at: 0, chunkCount: chunkCount) }
            let object = FirstFitHandle(run: run, chunk: 0)
            clearOwner(of: object)
            return object.packed
        }
    }

    private func place(_ chunkCount: Int, _ lists: inout FirstFitLists) -> FirstFitHandle? {
        guard let object = lists.place(chunkCount: chunkCount, map) else { return nil }
        clearOwner(of: object)
        return object
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

    /// Makes an empty frame of whatever its descriptor held.
    private func open(_ run: RunNumber) -> FirstFitFrame {
        let frame = FirstFitFrame(run, in: map)
        frame.map = ChunkMap()
        frame.poolNumber = number
        return frame
    }

    func free(_ handle: PoolHandle) {
        let object = FirstFitHandle(handle)
        let isFrameEmpty = lists.withLock { lists in
            let frame = FirstFitFrame(object.run, in: map)
            precondition(frame.poolNumber == number, "a handle of no live object")
            lists.change(object.run, frame, map) { $0.free(at: object.chunk) }
            guard frame.map.isEmpty else { return false }
            frame.poolNumber = 0
            return true
        }
        if isFrameEmpty { giveBack(object.run) }
    }

    private func giveBack(_ run: RunNumber) {
        frameCount.subtract(1, ordering: .relaxed)
        arena.freeRun(run, frameCount: 1, from: .pool)
    }

    func prepareFree(_ handle: PoolHandle) {
        map.prefetch(at: map.descriptor(of: FirstFitHandle(handle).run))
    }

    // MARK: Places and owners, without the lock

    private func start(of object: FirstFitHandle) -> ArenaOffset {
        map.offset(of: object.run, frameCount: 1) + object.chunk * FirstFit.chunkByteCount
    }

    func offset(of handle: PoolHandle) -> ArenaOffset {
        start(of: FirstFitHandle(handle)) + FirstFit.ownerByteCount
    }

    private func clearOwner(of object: FirstFitHandle) {
        arena.storeWord(0, at: start(of: object))
    }

    func setOwner(_ owner: ObjectOwner, of handle: PoolHandle) {
        // Releasing: a thread that sees the owner also sees the bytes that were written before.
        arena.storeWord(owner.rawValue, at: start(of: FirstFitHandle(handle)))
    }

    func owner(of handle: PoolHandle) -> ObjectOwner? {
        ObjectOwner(rawValue: arena.loadWord(at: start(of: FirstFitHandle(handle))))
    }

    // MARK: Taking over what an earlier process left

    func mayHold(_ handle: PoolHandle, byteCount: Int) -> Bool {
        guard FirstFitHandle.isWellFormed(handle),
            byteCount > 0, byteCount <= FirstFit.objectByteCountMax
        else { return false }
        let object = FirstFitHandle(handle)
        return object.chunk + FirstFit.chunkCount(byteCount) <= FirstFit.frameChunkCount
            && arena.hasRun(object.run, frameCount: 1)
    }

    func adopt(
        _ handle: PoolHandle, byteCount: Int, owner: ObjectOwner
    ) throws(ZpoolError) {
        let object = FirstFitHandle(handle)
        guard mayHold(handle, byteCount: byteCount),
            lists.withLock({ adopt(object, FirstFit.chunkCount(byteCount), &$0) })
        else { throw .invalidArgument }
        setOwner(owner, of: handle)
    }

    /// False when the frame belongs to another pool, or the place is taken already.
    private func adopt(
        _ object: FirstFitHandle, _ chunkCount: Int, _ lists: inout FirstFitLists
    ) -> Bool {
        var frame = FirstFitFrame(object.run, in: map)
        if arena.claimRun(object.run, frameCount: 1, for: .pool) {
            frameCount.add(1, ordering: .relaxed)
            frame = open(object.run)
        }
        guard frame.poolNumber == number,
            frame.map.hasRoom(at: object.chunk, chunkCount: chunkCount)
        else { return false }
        lists.change(object.run, frame, map) {
            $0.take(at: object.chunk, chunkCount: chunkCount)
        }
        return true
    }

    /// Every adopted frame is in its list already.
    func finishAdoption() {}

    // MARK: What it does not do

    func shrink(pageCount: Int) -> ShrinkResult {
        ShrinkResult(reclaimedPageCount: 0, error: .invalidArgument)
    }

    // MARK: Looking inside

    /// Frames by their longest hole.
    var report: PoolReport {
        let lists = lists.withLock { $0 }
        var rows = lists.byHole.indices.map { ["hole[\($0)]", "\(lists.byHole[$0].count)"] }
        rows.append(["total", "\(frameCount.load(ordering: .relaxed))"])
        return PoolReport(columns: ["list", "frames"], rows: rows)
    }

    var usage: PoolUsage {
        lists.withLock { lists in
            let headers = lists.objectCount * FirstFit.ownerByteCount
            return PoolUsage(
                frameCount: frameCount.load(ordering: .relaxed), objectCount: lists.objectCount,
                headerByteCount: headers,
                roomByteCount: lists.chunkCount * FirstFit.chunkByteCount - headers,
                tailByteCount: 0)
        }
    }

    func checkInvariants() {
        let found = lists.withLock { $0.checkInvariants(map, poolNumber: number) }
        precondition(found == frameCount.load(ordering: .relaxed), "frames were lost")
    }

    func destroy() {
        lists.withLock { lists in
            while let run = lists.anyFrame {
                let frame = FirstFitFrame(run, in: map)
                lists.change(run, frame, map) { $0 = ChunkMap() }
                frame.poolNumber = 0
                giveBack(run)
            }
        }
    }
}
