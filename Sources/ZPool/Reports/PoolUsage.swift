import ZswapCore

/// Where a pool's bytes are.
///
///     frames  | headers | rooms of objects: payload + rounding | free rooms | tails |
///
/// Law: the four parts add up to the frames. What of the rooms is payload only the pool's user
/// knows, since pools do not keep lengths.
public struct PoolUsage: Equatable, Sendable {
    /// Frames of the pool.
    public var frameCount: Int
    /// Objects that were taken and not freed.
    public var objectCount: Int
    /// What the driver keeps beside objects, in their frames: owners, headers.
    public var headerByteCount: Int
    /// Rooms of the objects, the rounding of their lengths included.
    public var roomByteCount: Int
    /// Rooms that another object can get.
    public var freeByteCount: Int
    /// What no object can ever get, such as the rest behind a zspage's last slot.
    public var tailByteCount: Int

    /// Parts that add up to so many frames.
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
