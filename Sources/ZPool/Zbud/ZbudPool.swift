import Arena

/// A pool of zbud; what it is stands at ``ZbudDriver``, what it does in ``ChunkPool``.
final class ZbudPool: ChunkPool {
    typealias Frame = ZbudFrame

    let core: ChunkPoolCore<ZbudFrame>

    init(arena: Arena, user: (any PoolUser)?) {
        core = ChunkPoolCore(arena: arena, user: user)
    }

    /// Frames by free chunks, then those with two objects, then all.
    var report: PoolReport {
        report { lists in [("buddied", Int(lists.byFreeChunks[0].count))] }
    }
}
