import Arena
import Backing
import SwapStore
import ZPool
import ZswapCore

/// The pool's own reclaim: a pool that is asked to shrink offers its oldest objects, and each page
/// is written to the backing store alone, as older kernels' zswap does.
///
///     shrink(n) ──► ObjectMover.evict ──► look at the entry, copy, check ─► one write ─► publish
///                                              └─ changed, not allowed, no room: it stays
///
/// Laws:
/// - The pool calls on the thread that asked it to shrink, and holds no lock meanwhile.
/// - A page leaves by the same steps as in the store's order: written first, then published by one
///   compareExchange, and only then freed.
/// Cost: a write of one or two blocks for each page.
final class PoolEviction: ObjectEvictor, @unchecked Sendable {
    // Unchecked: one thread's, see above.
    private(set) var writeBack: WriteBack
    private let generation: Int
    private(set) var movedCount = 0
    /// Why it ended: the backing store is full, or writing failed.
    private(set) var ending: WriteBack.Outcome?

    /// For the pool of this generation.
    init(_ writeBack: WriteBack, generation: Int) {
        self.writeBack = writeBack
        self.generation = generation
    }

    /// True: the page has left, and its object is freed.
    func evict(_ handle: PoolHandle, owner: ObjectOwner) -> Bool {
        guard ending == nil else { return false }
        let outcome = writeBack.evict(handle, of: generation, owner: owner)
        switch outcome {
        case .moved(let count):
            movedCount += count
            return count == 1
        case .endOfTurn: return false
        case .deviceFull, .failed:
            ending = outcome
            return false
        }
    }
}

extension WriteBack {
    /// Writes back the page of one object of the pool of `poolGeneration`, alone. Moves none if the
    /// entry names another place by now, or the area may not be written back.
    mutating func evict(
        _ handle: PoolHandle, of poolGeneration: Int, owner: ObjectOwner
    ) -> Outcome {
        var found: PageEntry?
        let copy = self.copy
        _ = store.withEntry(of: owner, by: worker) { area, offset in
            let entry = store.entry(at: offset)
            guard area.allowsWriteBack, entry.isInMemory, entry.handle == handle,
                entry.generation == poolGeneration,
                store.copyObject(of: entry, into: copy, by: worker)
            else { return false }
            found = entry
            return true
        }
        guard let entry = found else { return .moved(pageCount: 0) }
        let bytes = copy.bytes.extracting(0..<entry.byteCount)
        switch batch.append(bytes, entry, owner, isCleaning: false) {
        // Alone in the buffer it does not fit what may be written today.
        case .bufferFull: return .endOfTurn(pageCount: 0)
        case .deviceFull: return .deviceFull(pageCount: 0)
        case .taken: break
        }
        let written = log.byteCountWritten
        do {
            let count = try batch.complete(in: store, by: worker)
            if byteCountMax != .max { byteCountMax -= Int(log.byteCountWritten - written) }
            return .moved(pageCount: count)
        } catch {
            return .failed(error)
        }
    }
}

extension WriteBackWork {
    /// Most frames that a pool is asked for at once; other work gets its turn in between.
    private static let shrinkFrameCountMax = 64

    /// Asks the pools for their oldest frames, the current pool last. A miss when
    /// ``Tunables/reclaim`` is not `pool`, and when no page may leave: raw frames are in no pool.
    mutating func shrinkPools(_ frameCount: Int) -> WriteBack.Outcome {
        guard store.tunables.reclaim == .pool, var writeBack else {
            return .endOfTurn(pageCount: 0)
        }
        defer { self.writeBack = writeBack }
        for (generation, pool) in store.poolsByAge {
            let eviction = PoolEviction(writeBack, generation: generation)
            store.shrink(
                pool, of: generation, pageCount: min(frameCount, Self.shrinkFrameCountMax),
                evictor: eviction)
            writeBack = eviction.writeBack
            if let ending = eviction.ending { return ending }
            if eviction.movedCount > 0 { return .moved(pageCount: eviction.movedCount) }
        }
        return .endOfTurn(pageCount: 0)
    }
}
