import Arena

/// The memory for writing back. Only the write-back thread uses it. The thread that sets a backing
/// store allocates it, so that a refusal of memory fails that setting.
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
