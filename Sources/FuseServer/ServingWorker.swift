import Latency
import SwapStore

/// What one serving thread has: its place in the store, its counter of reads, and the area it
/// served last, so that finding it again costs two loads.
final class ServingWorker {
    let store: StoreWorker
    /// Where it counts reads that may be faults.
    let reads: ReadCounter
    /// Its place among the threads that may wait for a backing device; nil: it always may.
    let seat: WaitingSeat?
    private var cachedSlot = -1
    private var cachedArea: Area?
    private var cachedRevision: UInt64 = 0

    init(store: StoreWorker, reads: ReadCounter, waitingRoom: WaitingRoom? = nil) {
        self.store = store
        self.reads = reads
        seat = waitingRoom.map(WaitingSeat.init)
        store.backingGate = seat
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
