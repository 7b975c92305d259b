public import Arena

/// zbud: at most two objects a frame. Simple, predictable, and a frame is free after at most two
/// evictions.
///
///     chunk 0        1 ..................................... 63      64 chunks of 64 bytes
///     | header | first ->            free             <- last |
///
/// Law: an object takes whole chunks; the first starts at chunk 1, the last ends at the frame's
/// end. Two objects of a and b bytes share a frame iff ceil(a/64) + ceil(b/64) <= 63.
/// Price: one page out of two at best, one out of one at worst: two objects of 1985 bytes need two
/// frames. 64 bytes a frame for the header, which holds both owners, so an object costs its
/// own bytes only.
public struct ZbudDriver: PoolDriver {
    /// The name people choose it by.
    public let type = "zbud"

    /// The driver. It keeps nothing.
    public init() {}

    /// A new, empty pool. The configuration does not concern zbud.
    public func makePool(
        in arena: Arena, configuration: PoolConfiguration, user: (any PoolUser)?
    ) throws(ZpoolError) -> any Pool {
        ZbudPool(arena: arena, user: user)
    }
}
