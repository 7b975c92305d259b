import Glibc
import ZswapCore

/// A block of working memory with one owner, freed with it.
///
/// Law: aligned to a cache line, so that two workers never share one. Written once when made, so
/// that its frames are there before the first page is served.
struct ScratchMemory: ~Copyable {
    static let alignment = 64

    let base: UnsafeMutableRawPointer
    let byteCount: Int

    /// Zeroed memory. Throws `outOfMemory`.
    init(byteCount: Int) throws(CompressorError) {
        invariant(byteCount > 0)
        var memory: UnsafeMutableRawPointer?
        guard posix_memalign(&memory, Self.alignment, byteCount) == 0, let memory else {
            throw .outOfMemory
        }
        memset(memory, 0, byteCount)
        base = memory
        self.byteCount = byteCount
    }

    deinit { free(base) }
}
