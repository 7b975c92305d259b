import ZPool
import ZswapCore

/// The use of every byte of a pool's frames.
///
///     frames  | headers | payload | rounding | free | tail |
///
/// Law: no part is negative and together they are the frames, also while workers store. A reader
/// may then see a page half counted, so parts may be off by one page for each worker.
public struct PoolBytes: Equatable, Sendable {
    /// Frames of the pool.
    public var frameCount: Int
    /// Objects in them.
    public var objectCount: Int
    /// Bytes of the objects: compressed pages, and pages kept as they are.
    public var payload: Int
    /// Bytes by which rooms exceed their objects: rounding to classes or chunks.
    public var rounding: Int
    /// Behind the last slot of zspages: too small for any object.
    public var tail: Int
    /// Rooms that another object can get.
    public var free: Int
    /// The driver's own data in the frames, beside objects: owners, frame headers.
    public var headers: Int

    /// The sum of the parts: all frames.
    public var total: Int { payload + rounding + tail + free + headers }

    /// A driver's view of its pool, and what the store knows of the objects' lengths.
    init(_ usage: PoolUsage, payloadByteCount: Int) {
        frameCount = usage.frameCount
        objectCount = usage.objectCount
        payload = min(payloadByteCount, usage.roomByteCount)
        rounding = usage.roomByteCount - payload
        tail = usage.tailByteCount
        free = usage.freeByteCount
        headers = usage.headerByteCount
    }

    /// Frames that hold a page each.
    init(rawFrameCount: Int) {
        frameCount = rawFrameCount
        objectCount = rawFrameCount
        payload = rawFrameCount * Page.byteCount
        rounding = 0
        tail = 0
        free = 0
        headers = 0
    }
}
