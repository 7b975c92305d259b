import Arena
import Synchronization
import Threads
import ZswapCore

/// Taking over frames that an earlier process left: descriptors are made anew from the handles.
///
/// Law: what is refused changes nothing. The order of adoption becomes the order of the LRU list.
extension ZbudPool {
    func mayHold(_ handle: PoolHandle, byteCount: Int) -> Bool {
        guard ZbudHandle.isWellFormed(handle), byteCount > 0,
            byteCount <= Chunk.objectByteCountMax
        else { return false }
        let object = ZbudHandle(handle)
        let isPlausible =
            object.buddy == .first
            || object.startChunk + Chunk.count(ofBytes: byteCount) == Chunk.frameCount
        return isPlausible && arena.hasRun(object.run, frameCount: 1)
    }

    func adopt(
        _ handle: PoolHandle, byteCount: Int, owner: ObjectOwner
    ) throws(ZpoolError) {
        guard mayHold(handle, byteCount: byteCount) else { throw .invalidArgument }
        let object = ZbudHandle(handle)
        let chunkCount = Chunk.count(ofBytes: byteCount)
        let isAdopted = lists.withLock { lists in
            guard openClaimed(object.run, &lists) else { return false }
            return adopt(object, chunkCount: chunkCount, owner: owner, &lists)
        }
        guard isAdopted else { throw .invalidArgument }
    }

    /// Claims the frame if this is its first object. False when it is somebody else's.
    private func openClaimed(_ run: RunNumber, _ lists: inout ZbudLists) -> Bool {
        let frame = ZbudFrame(run, in: map)
        // The number is of this process's choice: no memory of an earlier one holds it.
        if frame.poolNumber == number { return true }
        guard arena.claimRun(run, frameCount: 1, for: .pool) else { return false }
        frameCount.add(1, ordering: .relaxed)
        frame.open(poolNumber: number)
        lists.pushLru(run, map)
        return true
    }

    /// False when the place is taken already, or the objects overlap.
    private func adopt(
        _ object: ZbudHandle, chunkCount: Int, owner: ObjectOwner, _ lists: inout ZbudLists
    ) -> Bool {
        let frame = ZbudFrame(object.run, in: map)
        let present = object.buddy == .first ? frame.firstChunkCount : frame.lastChunkCount
        guard present == 0, frame.freeChunkCount >= chunkCount else { return false }
        if !frame.isEmpty { lists.unfile(object.run, frame, map) }
        frame.take(object.buddy, chunkCount: chunkCount)
        frame.ownerWord(object.buddy).pointee.store(owner.rawValue, ordering: .releasing)
        lists.file(object.run, frame, map)
        return true
    }

    /// Every adopted frame is in its lists already.
    func finishAdoption() {}
}
