import Arena

/// The memory that writing back takes. One thread's, the one that writes, and made by whoever sets
/// a backing store, since the system may refuse it.
struct WriteBackBuffers: Sendable {
    let members: WriteBackBatch.Members
    let copy: PageBuffer

    /// Nil when the system has no memory for it.
    init?() {
        guard let members = WriteBackBatch.makeMembers(), let copy = try? PageBuffer() else {
            return nil
        }
        self.members = members
        self.copy = copy
    }
}
