import Arena
import Synchronization
import Threads

/// A pool of z3fold; what it is stands at ``Z3foldDriver``, what it does in ``ChunkPool``. Besides,
/// it compacts. The lock is held while the user follows an object that moves.
final class Z3foldPool: ChunkPool {
    typealias Frame = Z3foldFrame

    let core: ChunkPoolCore<Z3foldFrame>
    let isCompacting = Atomic<Bool>(false)
    let compactedFrameCount = Atomic<Int>(0)
    /// Walks of compactions over the frames since the pool was made.
    let walkCount = Atomic<UInt32>(0)

    var compactedPageCount: Int { compactedFrameCount.load(ordering: .relaxed) }
    var freeablePageCount: Int { core.lists.withLock { $0.freeableFrameCount } }

    init(arena: Arena, user: (any PoolUser)?) {
        core = ChunkPoolCore(arena: arena, user: user)
    }

    /// Frames by the chunks that one more object can get, then those that take no more, then
    /// headless ones, then all.
    var report: PoolReport {
        report { lists in
            [("full", Int(lists.byFreeChunks[0].count)), ("headless", lists.headlessCount)]
        }
    }
}
