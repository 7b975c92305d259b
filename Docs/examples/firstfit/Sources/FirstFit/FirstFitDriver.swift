public import Arena
public import ZPool
import ZswapCore

/// firstfit: any number of objects a frame, each at the first hole that is long enough.
///
///     chunk 0            3          7  8                    63      64 chunks of 64 bytes a frame
///     | object a         | object b    | free | object c | free |
///       owner, bytes …     owner, bytes …
///
/// zbud has at most two objects a frame, since each of them must lie at an end of it. A map of the
/// frame's chunks, one bit each, needs no rule about ends.
///
/// Law: an object takes whole chunks, one behind the other, and begins with the 8 bytes of its
/// owner. It is in the frame whose longest hole is the shortest that is long enough.
/// Price: 8 bytes an object for its owner, 32 on average because chunks are whole, and holes that
/// are too short for what comes. A look through a frame's map takes as many steps as the hole is
/// long. One lock for all.
public struct FirstFitDriver: PoolDriver {
    /// The name people choose it by.
    public let type = "firstfit"

    /// The driver. It keeps nothing.
    public init() {}

    /// A new, empty pool. It evicts and moves nothing, so it has no use for its user.
    public func makePool(
        in arena: Arena, configuration: PoolConfiguration, user: (any PoolUser)?
    ) throws(ZpoolError) -> any Pool {
        FirstFitPool(arena: arena)
    }
}

/// The numbers of firstfit.
enum FirstFit {
    static let chunkByteCount = 64
    /// Chunks in a frame: as many as a word has bits.
    static let frameChunkCount = Page.byteCount / chunkByteCount
    /// In front of each object.
    static let ownerByteCount = 8
    /// A lone object leaves a chunk: one that does not takes as much as the page itself.
    static let objectByteCountMax = (frameChunkCount - 1) * chunkByteCount - ownerByteCount

    static func chunkCount(_ byteCount: Int) -> Int {
        (byteCount + ownerByteCount + chunkByteCount - 1) / chunkByteCount
    }
}
