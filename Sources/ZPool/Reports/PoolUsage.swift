import ZswapCore

/// The use of a pool's bytes.
///
///     frames  | headers | rooms of objects: payload + rounding | free rooms | tails |
///
/// Law: the four parts add up to the frames. Only the pool's user knows how much of the rooms is
/// payload, since pools do not keep lengths.
public struct PoolUsage: Equatable, Sendable {
    /// Frames of the pool.
    public var frameCount: Int
    /// Objects that were taken and not freed.
    public var objectCount: Int
    /// Bytes of the driver's own data in the frames of objects: owners, headers.
    public var headerByteCount: Int
    /// Rooms of the objects, the rounding of their lengths included.
    public var roomByteCount: Int
    /// Rooms that another object can get.
    public var freeByteCount: Int
    /// Bytes that no object can ever get: the rest behind a zspage's last slot.
    public var tailByteCount: Int

    /// Creates a usage; the parts must add up to `frameCount` frames.
    public init(
        frameCount: Int, objectCount: Int, headerByteCount: Int, roomByteCount: Int,
        tailByteCount: Int
    ) {
        self.frameCount = frameCount
        self.objectCount = objectCount
        self.headerByteCount = headerByteCount
        self.roomByteCount = roomByteCount
        self.tailByteCount = tailByteCount
        freeByteCount =
            frameCount * Page.byteCount - headerByteCount - roomByteCount - tailByteCount
        invariant(freeByteCount >= 0, "a pool uses more than it has")
        invariant(
            headerByteCount >= 0 && roomByteCount >= 0 && tailByteCount >= 0,
            "a part of a pool is less than nothing")
        invariant(objectCount >= 0, "a pool has freed more objects than it had")
    }

    /// Nothing.
    public static var empty: PoolUsage {
        PoolUsage(
            frameCount: 0, objectCount: 0, headerByteCount: 0, roomByteCount: 0, tailByteCount: 0)
    }

    /// Two pools, or two parts of one, together.
    public static func + (left: PoolUsage, right: PoolUsage) -> PoolUsage {
        PoolUsage(
            frameCount: left.frameCount + right.frameCount,
            objectCount: left.objectCount + right.objectCount,
            headerByteCount: left.headerByteCount + right.headerByteCount,
            roomByteCount: left.roomByteCount + right.roomByteCount,
            tailByteCount: left.tailByteCount + right.tailByteCount)
    }
}
