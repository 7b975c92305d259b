import Arena
import Synchronization
import Threads
import ZswapCore

/// Taking over frames that an earlier process left: descriptors are made anew from the handles.
///
/// Law: what is refused changes nothing. The order of adoption becomes the order of the LRU list.
extension Z3foldPool {
    func mayHold(_ handle: PoolHandle, byteCount: Int) -> Bool {
        guard Z3foldHandle.isWellFormed(handle), byteCount > 0, byteCount <= Page.byteCount
        else { return false }
        let object = Z3foldHandle(handle)
        guard (byteCount > Chunk.objectByteCountMax) == (object.place == .headless),
            arena.hasRun(object.run, frameCount: 1)
        else { return false }
        let end = object.startChunk + Self.chunkCount(ofBytes: byteCount)
        return object.place == .last ? end == Chunk.frameCount : end <= Chunk.frameCount
    }

    private static func chunkCount(ofBytes byteCount: Int) -> Int {
        byteCount > Chunk.objectByteCountMax ? Chunk.frameCount : Chunk.count(ofBytes: byteCount)
    }

    func adopt(
        _ handle: PoolHandle, byteCount: Int, owner: ObjectOwner
    ) throws(ZpoolError) {
        guard mayHold(handle, byteCount: byteCount) else { throw .invalidArgument }
        let object = Z3foldHandle(handle)
        let chunkCount = Self.chunkCount(ofBytes: byteCount)
        let isAdopted = lists.withLock { lists in
            guard openClaimed(object.run, &lists) else { return false }
            return adopt(object, chunkCount: chunkCount, owner: owner, &lists)
        }
        guard isAdopted else { throw .invalidArgument }
    }

    /// Claims the frame if this is its first object. False when it is somebody else's.
    private func openClaimed(_ run: RunNumber, _ lists: inout Z3foldLists) -> Bool {
        let frame = Z3foldFrame(run, in: map)
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
