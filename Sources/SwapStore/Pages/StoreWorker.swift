import Arena
package import Backing
import Compressors

/// The private data of one serving thread: scratch for codecs, a page to patch in, its number among
/// the counters and quiescent points, the state it judges by, and the second its request began in.
///
/// Law: used by one thread at a time. Made before serving; a request allocates nothing. The worker
/// gets codecs that are made later together with the state that was published with them.
public final class StoreWorker: @unchecked Sendable {  // one thread's at a time
    let number: WorkerNumber
    let scratch: CodecScratch
    let patch: PageBuffer
    package let backingBuffer: BackingReadBuffer
    /// Asked before a request waits for the backing store; nil: it may always.
    public var backingGate: (any BackingGate)?
    /// Whether a page may wait in this worker's thread until there is room.
    public var mayWaitForRoom = true
    var state: StoreState
    var seconds: UInt64 = 0

    init(
        number: WorkerNumber, scratch: CodecScratch, _ buffers: Buffers, state: StoreState
    ) {
        patch = buffers.patch
        backingBuffer = buffers.backing
        self.number = number
        self.scratch = scratch
        self.state = state
    }

    /// The buffers of a worker, created before it, since the system may refuse their memory.
    struct Buffers {
        let patch: PageBuffer
        let backing: BackingReadBuffer

        init() throws {
            patch = try PageBuffer()
            backing = try BackingReadBuffer()
        }
    }
}
