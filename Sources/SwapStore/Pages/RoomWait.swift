import Synchronization

/// A place where pages wait for room: the store's pools, or one area at its own limit.
///
///     waits are tried ── a wait in vain ──► stalled: refused at once ── progress of any kind ──► …
///
/// Law: a wait in vain concerns its own place only. The mark is the progress number that the wait
/// saw, so the next progress ends the stall, also progress between the waiter's last look and its
/// mark.
struct RoomWait: ~Copyable {
    /// The number of progress seen by the last wait in vain, plus 1; 0: none was.
    private let stalledSince = Atomic<UInt64>(0)

    /// Whether nothing has moved since a wait here was in vain.
    func isStalled(at progress: UInt32) -> Bool {
        stalledSince.load(ordering: .relaxed) == UInt64(progress) + 1
    }

    /// A wait that saw this much progress was in vain.
    func noteStall(at progress: UInt32) {
        stalledSince.store(UInt64(progress) + 1, ordering: .relaxed)
    }
}
