import Arena
import Compressors
import Synchronization

/// The state that requests fetch once after a setting changed: settings, pools and backing stores,
/// and the codecs that go with them. It keeps the codecs; pools and backing stores are kept by
/// `StoreControl`.
///
/// Cost: about 3 KiB for each change, until the requests that began before it have ended.
final class PublishedState: Sendable {
    let state: StoreState
    /// By worker and compressor; empty where there is no worker.
    private let codecs: [[WorkerCodec?]]

    init(_ state: StoreState, codecs: [[WorkerCodec?]]) {
        self.state = state
        self.codecs = codecs
    }

    /// Hands state and codecs to a worker. Allocates nothing.
    func fill(_ worker: StoreWorker) {
        worker.state = state
        worker.scratch.use(codecs[worker.number.rawValue])
    }
}

extension SwapStore {
    /// Fetches what is in force. Inside a request only.
    func refresh(_ worker: StoreWorker) {
        published.read(by: worker.number) { $0.fill(worker) }
    }

    /// Puts `control.state` in force. Behind the lock of `control`.
    func putInForce(_ control: StoreControl) {
        let state = control.state
        limitFrameCount.store(state.limit.frameCountMax, ordering: .relaxed)
        // Sequentially consistent, with `Quiescence.advance` and `begin`: a worker that starts
        // after the quiescent point which a pool waits for sees that there is a newer state.
        published.replace(by: PublishedState(state, codecs: control.codecs)) {
            stateNumber.store(state.number, ordering: .sequentiallyConsistent)
        }
    }
}
