public import Arena

/// z3fold: at most three objects a frame, and objects may move, so that holes can be closed.
///
///     chunk 0        1 ..................................... 63      64 chunks of 64 bytes
///     | header | first ->  | middle ->  |  free   |  <- last |
///     |             headless: one object above 3968 bytes    |      a frame without a header
///
/// Law: an object takes whole chunks; the first starts at chunk 1, the last ends at the frame's
/// end, the middle one lies between. The room for one more object is the larger of the gaps around
/// the middle one that an empty place touches, not their sum. An object moves only to where it does
/// not overlap itself, since readers take no lock.
/// Price: one page out of three at best, one out of one at worst. 64 bytes a frame for the header,
/// which holds the owners, so an object costs its own bytes only. One lock a pool and one set of
/// lists; the kernel keeps lists for each processor, which is faster for many and less dense.
public struct Z3foldDriver: PoolDriver {
    /// The name people choose it by.
    public let type = "z3fold"

    /// The driver. It keeps nothing.
    public init() {}

    /// A new, empty pool. The configuration does not concern z3fold.
    public func makePool(
        in arena: Arena, configuration: PoolConfiguration, user: (any PoolUser)?
    ) throws(ZpoolError) -> any Pool {
        Z3foldPool(arena: arena, user: user)
    }
}
