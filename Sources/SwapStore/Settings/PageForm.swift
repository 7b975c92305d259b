import ZPool
import ZswapCore

/// How the objects of a tier are made: by which compressor, and in which pool.
///
///     hot   params/compressor (an area's own first), params/zpool    every new page
///     cold  params/cold_compressor, params/cold_pool                 recompressed pages
///
/// Law: a form decides how an object is made, never how it is read. The compressor of the cold form
/// is prepared before the first object is made in it.
struct PageForm: Sendable {
    /// The compressor's number.
    var compressor: Int
    /// The pool's number in entries.
    let generation: Int
    let pool: PoolReference
    /// Longest compressed page worth keeping compressed in the pool.
    let compressedByteCountMax: Int
    /// Whether the pool takes a page as it is.
    let takesRawPages: Bool

    init(compressor: Int, generation: Int, pool: Zpool) {
        self.compressor = compressor
        self.generation = generation
        self.pool = PoolReference(pool)
        compressedByteCountMax = min(pool.hugeByteCount, pool.objectByteCountMax + 1) - 1
        takesRawPages = pool.objectByteCountMax >= Page.byteCount
    }

    /// The number of the pool that incompressible pages of this form go to.
    var rawGeneration: Int { takesRawPages ? generation : RawFrames.generation }

    /// Whether an object is one of this form; of an incompressible page: whether the form's
    /// compressor was tried on it.
    func holds(_ entry: PageEntry) -> Bool {
        guard entry.compressor == compressor, entry.isInMemory else { return false }
        return entry.kind == .raw || entry.generation == generation
    }
}
