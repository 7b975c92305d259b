import Synchronization

/// A place where pages wait for room: the store's pools, or one area at its own limit.
///
///     nobody waits ── a wait in vain ──► stalled: refused at once ── progress of any kind ──► …
///
/// Law: a wait in vain says something of its own place only. It is remembered by the number of
/// progress that was seen then, so it ends by itself with the next progress, and one that came
/// between the last look and the mark counts.
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
