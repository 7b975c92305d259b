import ZPool
import ZswapCore

/// A pool of the store, for reports: one of a driver, or the raw frames beside them, which count as
/// one (generation 0).
public struct StorePool: Sendable {
    private enum Content: Sendable {
        case pool(Zpool)
        case rawFrames
    }

    /// The number that entries know it by.
    public let generation: Int
    /// Whether new or cold pages go there; for the raw frames, new pages that are incompressible.
    public let isCurrent: Bool
    private let content: Content
    private let payloadTally: PayloadTally

    init(_ pool: Zpool, generation: Int, isCurrent: Bool, _ payloadTally: PayloadTally) {
        content = .pool(pool)
        self.generation = generation
        self.isCurrent = isCurrent
        self.payloadTally = payloadTally
    }

    /// The raw frames.
    init(rawFramesAreCurrent isCurrent: Bool, _ payloadTally: PayloadTally) {
        content = .rawFrames
        generation = RawFrames.generation
        self.isCurrent = isCurrent
        self.payloadTally = payloadTally
    }

    /// The driver's name; "raw" for the raw frames.
    public var type: String {
        switch content {
        case .pool(let pool): pool.type
        case .rawFrames: "raw"
        }
    }

    /// Most frames in a zspage; nil for what knows no chain.
    public var chainLength: Int? {
        switch content {
        case .pool(let pool): pool.chainLength
        case .rawFrames: nil
        }
    }

    /// Bytes of the objects in it.
    public var payloadByteCount: Int { payloadTally.sum(of: generation) }

    /// Bytes of its frames.
    public var byteCount: Int {
        switch content {
        case .pool(let pool): pool.totalByteCount
        case .rawFrames: rawFrameCount * Page.byteCount
        }
    }

    /// The uses of its frames, in bytes.
    public var bytes: PoolBytes {
        switch content {
        case .pool(let pool): PoolBytes(pool.usage, payloadByteCount: payloadByteCount)
        case .rawFrames: PoolBytes(rawFrameCount: rawFrameCount)
        }
    }

    /// Its size classes or lists, as lines of columns.
    public var reportText: String {
        switch content {
        case .pool(let pool): pool.report.text
        case .rawFrames:
            PoolReport(columns: ["list", "frames"], rows: [["total", "\(rawFrameCount)"]]).text
        }
    }

    /// Walks all of it and traps on a broken law. Only while no worker serves.
    public func checkInvariants() {
        if case .pool(let pool) = content { pool.checkInvariants() }
    }

    /// Every object is a frame.
    private var rawFrameCount: Int { payloadByteCount / Page.byteCount }
}
