import Arena
import Compressors

/// What one serving thread has of its own: scratch for codecs, a page to patch in, its place among
/// the counters and quiescent points, and the state it judges by.
///
/// Law: used by one thread at a time. Made before serving; a request allocates nothing. Codecs that
/// are made later are named by the scratch when the state is fetched that was published with them.
public final class StoreWorker: @unchecked Sendable {  // one thread's at a time
    let number: WorkerNumber
    let scratch: CodecScratch
    let patch = PageBuffer()
    var state: StoreState

    init(number: WorkerNumber, scratch: CodecScratch, state: StoreState) {
        self.number = number
        self.scratch = scratch
        self.state = state
    }
}
