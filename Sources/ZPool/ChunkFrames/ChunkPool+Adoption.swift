import Arena
import Synchronization
import Threads
import ZswapCore

/// Taking over frames that an earlier process left: descriptors are made anew from the handles.
///
/// Law: what is refused changes nothing. The order of adoption becomes the order of age.
extension ChunkPool {
    func adopt(
        _ handle: PoolHandle, byteCount: Int, owner: ObjectOwner
    ) throws(ZpoolError) {
        guard Handle.isWellFormed(handle) else { throw .invalidArgument }
        guard byteCount > 0, byteCount <= Frame.objectByteCountMax else { throw .invalidArgument }
        let object = Handle(handle)
        let isHeadless = byteCount > Chunk.objectByteCountMax
        let chunkCount = isHeadless ? Chunk.frameCount : Chunk.count(ofBytes: byteCount)
        guard isHeadless == object.place.isHeadless, isPlausible(object, chunkCount),
            core.arena.hasRun(object.run, frameCount: 1)
        else { throw .invalidArgument }
        let isAdopted = core.lists.withLock { lists in
            guard openClaimed(object.run) else { return false }
            return adopt(object, chunkCount: chunkCount, owner: owner, &lists)
        }
        guard isAdopted else { throw .invalidArgument }
    }

    /// Whether an object of this length can lie there in an empty frame.
    private func isPlausible(_ object: Handle, _ chunkCount: Int) -> Bool {
        let end = object.startChunk + chunkCount
        return object.place == .last ? end == Chunk.frameCount : end <= Chunk.frameCount
    }

    /// Claims the frame if this is its first object. False when it is somebody else's.
    private func openClaimed(_ run: RunNumber) -> Bool {
        let frame = Frame(run, in: core.map)
        guard core.arena.claimRun(run, frameCount: 1, for: .pool) else {
            return frame.poolNumber == core.number
        }
        core.frameCount.add(1, ordering: .relaxed)
        frame.open(poolNumber: core.number)
        return true
    }

    /// False when the place is taken already, or the objects overlap.
    private func adopt(
        _ object: Handle, chunkCount: Int, owner: ObjectOwner, _ lists: inout Lists
    ) -> Bool {
        let frame = Frame(object.run, in: core.map)
        let isFirst = frame.isEmpty
        guard frame.isFree(object.place, startChunk: object.startChunk, chunkCount: chunkCount)
        else { return false }
        if !isFirst { lists.unfile(object.run, frame, core.map) }
        frame.take(object.place, startChunk: object.startChunk, chunkCount: chunkCount)
        frame.ownerWord(object.place).pointee.store(owner.rawValue, ordering: .releasing)
        lists.file(object.run, frame, core.map, isYoungest: isFirst)
        return true
    }

    /// Every adopted frame is in its lists already.
    func finishAdoption() {}
}
