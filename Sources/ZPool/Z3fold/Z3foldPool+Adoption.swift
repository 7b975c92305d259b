import Arena
import Synchronization
import Threads
import ZswapCore

/// Taking over frames that an earlier process left: descriptors are made anew from the handles.
///
/// Law: what is refused changes nothing. The order of adoption becomes the order of the LRU list.
extension Z3foldPool {
    func adopt(
        _ handle: PoolHandle, byteCount: Int, owner: ObjectOwner
    ) throws(ZpoolError) {
        guard Z3foldHandle.isWellFormed(handle) else { throw .invalidArgument }
        guard byteCount > 0, byteCount <= Page.byteCount else { throw .invalidArgument }
        let object = Z3foldHandle(handle)
        let isHeadless = byteCount > Chunk.objectByteCountMax
        guard isHeadless == (object.place == .headless), arena.hasRun(object.run, frameCount: 1)
        else { throw .invalidArgument }
        let chunkCount = isHeadless ? Chunk.frameCount : Chunk.count(ofBytes: byteCount)
        let end = object.startChunk + chunkCount
        let isPlausible = object.place == .last ? end == Chunk.frameCount : end <= Chunk.frameCount
        guard isPlausible else { throw .invalidArgument }
        let isAdopted = lists.withLock { lists in
            guard openClaimed(object.run, &lists) else { return false }
            return adopt(object, chunkCount: chunkCount, owner: owner, &lists)
        }
        guard isAdopted else { throw .invalidArgument }
    }

    /// Claims the frame if this is its first object. False when it is somebody else's.
    private func openClaimed(_ run: RunNumber, _ lists: inout Z3foldLists) -> Bool {
        let frame = Z3foldFrame(run, in: map)
        guard arena.claimRun(run, frameCount: 1, for: .pool) else {
            return frame.poolNumber == number
        }
        frameCount.add(1, ordering: .relaxed)
        frame.open(poolNumber: number)
        lists.pushLru(run, map)
        return true
    }

    /// False when the place is taken already, or the objects overlap.
    private func adopt(
        _ object: Z3foldHandle, chunkCount: Int, owner: ObjectOwner, _ lists: inout Z3foldLists
    ) -> Bool {
        let frame = Z3foldFrame(object.run, in: map)
        guard isFree(object, chunkCount: chunkCount, frame) else { return false }
        if !frame.isEmpty { lists.unfile(object.run, frame, map) }
        frame.setRoom(object.place, startChunk: object.startChunk, chunkCount: chunkCount)
        frame.ownerWord(object.place).pointee.store(owner.rawValue, ordering: .releasing)
        lists.file(object.run, frame, map)
        return true
    }

    /// Whether an object can lie there beside what the frame holds already.
    private func isFree(
        _ object: Z3foldHandle, chunkCount: Int, _ frame: Z3foldFrame
    ) -> Bool {
        guard object.place != .headless else { return frame.isEmpty }
        guard !frame.isHeadless, frame.chunkCount(object.place) == 0 else { return false }
        let room = frame.room(object.place)
        return object.startChunk >= room.lowerBound
            && object.startChunk + chunkCount <= room.upperBound
    }

    /// Every adopted frame is in its lists already.
    func finishAdoption() {}
}
