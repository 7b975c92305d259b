/// A block of working memory with one owner, freed with it.
///
/// Law: aligned to a cache line, so that two workers never share one. Written once when made, so
/// that its frames are there before the first page is served.
struct ScratchMemory: ~Copyable {
    static let alignment = 64

    let base: UnsafeMutableRawPointer
    let byteCount: Int

    /// Zeroed memory. Traps when there is none: this happens before serving.
    init(byteCount: Int) {
        precondition(byteCount > 0)
        self.byteCount = byteCount
        base = .allocate(byteCount: byteCount, alignment: Self.alignment)
        base.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
    }

    deinit { base.deallocate() }
}
