import Arena
import Synchronization
import Threads
import ZswapCore

/// Taking over frames that an earlier process left: descriptors are made anew from the handles.
///
/// Law: what is refused changes nothing. The order of adoption becomes the order of age.
extension ChunkPool {
    func mayHold(_ handle: PoolHandle, byteCount: Int) -> Bool {
        guard Handle.isWellFormed(handle), byteCount > 0, byteCount <= Frame.objectByteCountMax
        else { return false }
        let object = Handle(handle)
        guard (byteCount > Chunk.objectByteCountMax) == object.place.isHeadless,
            core.arena.hasRun(object.run, frameCount: 1)
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
        let object = Handle(handle)
        let chunkCount = Self.chunkCount(ofBytes: byteCount)
        deepInvariant(
            (chunkCount == Chunk.frameCount) == object.place.isHeadless,
            "an object has a place of another length")
        let isAdopted = core.lists.withLock { lists in
            guard openClaimed(object.run) else { return false }
            return adopt(object, chunkCount: chunkCount, owner: owner, &lists)
        }
        guard isAdopted else { throw .invalidArgument }
    }

    /// Claims the frame if this is its first object. False when another pool has it.
    private func openClaimed(_ run: RunNumber) -> Bool {
        let frame = Frame(run, in: core.map)
        // The number is of this process's choice: no memory of an earlier one holds it.
        if frame.poolNumber == core.number { return true }
        guard core.arena.claimRun(run, frameCount: 1, for: .pool) else { return false }
        core.frameCount.add(1, ordering: .relaxed)
        frame.open(poolNumber: core.number)
        return true
    }

    /// False when the place is taken already, or the objects overlap.
    private func adopt(
        _ object: Handle, chunkCount: Int, owner: ObjectOwner, _ lists: inout Lists
    ) -> Bool {
        let frame = Frame(object.run, in: core.map)
        deepInvariant(frame.poolNumber == core.number, "an object is adopted from another pool")
        deepInvariant(!frame.isUnderReclaim, "objects are evicted during the adoption")
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
