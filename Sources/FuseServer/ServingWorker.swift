import Latency
import SwapStore

/// State of one serving thread: its worker of the store, its counters, the area it served
/// last, so that finding it again costs two loads, and the request it serves.
final class ServingWorker {
    let store: StoreWorker
    /// The counter of its reads that may be faults.
    let reads: ReadCounter
    /// The times of its requests for pages; nil: they are not recorded.
    let times: RequestRecorder?
    /// Its place among the threads that may wait for a backing device; nil: it always may.
    let seat: WaitingSeat?
    /// The number of the request that it serves, the same when the request is repeated; 0: the
    /// request has none, as those that come by the ring.
    private(set) var requestNumber: UInt64 = 0
    /// The kernel sent the request before, to a server that was killed and may have done it.
    private(set) var isRepeated = false
    private var cachedSlot = -1
    private var cachedArea: Area?
    private var cachedRevision: UInt64 = 0

    init(
        store: StoreWorker, reads: ReadCounter, times: RequestRecorder? = nil,
        waitingRoom: WaitingRoom? = nil
    ) {
        self.store = store
        self.reads = reads
        self.times = times
        seat = waitingRoom.map(WaitingSeat.init)
        store.backingGate = seat
    }

    /// FUSE_UNIQUE_RESEND, which is in later kernels' headers only.
    private static let repeatedMark: UInt64 = 1 << 63

    /// Notes which request it serves from now on. The answer echoes `unique` as it is.
    func begin(unique: UInt64) {
        requestNumber = unique & ~Self.repeatedMark
        isRepeated = unique & Self.repeatedMark != 0
    }

    /// Records how long a request for pages took; nil: it was for something else.
    func noteAnswer(_ kind: RequestLatencies.Kind, since began: Int64?) {
        guard let began else { return }
        times?.note(kind, since: began)
    }

    /// The area in a slot. Takes no lock.
    func area(slot: Int, in swapStore: SwapStore) -> Area? {
        let revision = swapStore.areaRevision
        if slot == cachedSlot && revision == cachedRevision { return cachedArea }
        cachedArea = swapStore.area(slot: slot, by: store)
        cachedSlot = slot
        cachedRevision = revision
        return cachedArea
    }
}
