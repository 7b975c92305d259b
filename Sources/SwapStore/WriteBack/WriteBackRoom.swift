import Arena

/// The memory that writing back takes. One thread's, the write-back thread's, and made by whoever
/// sets a backing store, since the system may refuse it.
struct WriteBackRoom: Sendable {
    let passengers: WriteBackBatch.Room
    let copy: PageBuffer

    /// Nil when the system has no memory for it.
    init?() {
        guard let passengers = WriteBackBatch.makeRoom(), let copy = try? PageBuffer() else {
            return nil
        }
        self.passengers = passengers
        self.copy = copy
    }
}
