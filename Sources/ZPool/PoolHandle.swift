/// Names one object of one pool. Opaque outside the pool's driver, never 0, the same in every
/// process that maps the arena.
public struct PoolHandle: Hashable, Sendable {
    /// The driver's own packing, never 0.
    public let rawValue: UInt64

    /// The handle with this packed form; nil for 0.
    @inlinable public init?(rawValue: UInt64) {
        guard rawValue != 0 else { return nil }
        self.rawValue = rawValue
    }

    /// The handle with this packed form, for drivers. Traps on 0.
    @inlinable public init(packed rawValue: UInt64) {
        precondition(rawValue != 0)
        self.rawValue = rawValue
    }
}
