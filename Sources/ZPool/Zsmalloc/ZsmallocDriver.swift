public import Arena
import ZswapCore

/// zsmalloc: objects of nearly one size side by side in zspages of up to 16 frames. Dense, moves
/// objects together when many are gone, and evicts the zspage that was allocated into longest ago.
///
///     class 112, 7 frames     | header object | header object | ...      256 slots of 112 bytes
///
/// Law: an object takes one slot of its size class; slots never cross the end of a zspage, and a
/// zspage is contiguous, so no object is ever assembled. A zspage is freed with its last object.
/// Price: 8 bytes an object and the rounding to its class. A zspage with one object keeps all its
/// frames until compaction moves the object away.
public struct ZsmallocDriver: PoolDriver {
    /// The name people choose it by.
    public let type = "zsmalloc"

    /// The size classes are made for a chain length.
    public let heededFields: PoolConfiguration.Fields = .chainLength

    /// The driver. It keeps nothing.
    public init() {}

    /// A new, empty pool. `invalidArgument` for a chain length out of range.
    public func makePool(
        in arena: Arena, configuration: PoolConfiguration, user: (any PoolUser)?
    ) throws(ZpoolError) -> any Pool {
        guard Limits.chainLengths.contains(configuration.chainLength) else {
            throw .invalidArgument
        }
        let table = SizeClassTable(chainLength: configuration.chainLength)
        return ZsmallocPool(arena: arena, table: table, user: user)
    }
}
