public import ZswapCore

/// Names one object of one pool. Opaque outside the pool's driver, never 0, the same in every
/// process that maps the arena. At most 51 bits: 32 for the run, and 19 for the object's place in
/// it. Users may use the other 13 bits.
public struct PoolHandle: Hashable, Sendable {
    /// Bits that a driver may use, the lowest ones.
    public static let bitCount = 51

    /// The driver's own packing, never 0.
    public let rawValue: UInt64

    /// The handle with this packed form; nil for 0 and for more than ``bitCount`` bits.
    @inlinable public init?(rawValue: UInt64) {
        guard rawValue != 0, rawValue >> UInt64(Self.bitCount) == 0 else { return nil }
        self.rawValue = rawValue
    }

    /// The handle with this packed form, for drivers. Traps on 0 and on more than ``bitCount``
    /// bits.
    @inlinable public init(packed rawValue: UInt64) {
        invariant(rawValue != 0 && rawValue >> UInt64(Self.bitCount) == 0)
        self.rawValue = rawValue
    }
}
