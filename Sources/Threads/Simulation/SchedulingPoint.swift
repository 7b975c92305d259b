/// A place where the next action may be another thread's: what simulations interleave.
///
///     thread 1  ── lock ── word ── unlock ──►       a simulation runs one thread at a time and
///     thread 2        ▲ ── word ── publish ──►      chooses at each point which one goes on
///
/// Law: in a release build a point is nothing. In builds for tests a thread of no simulation passes
/// it at the cost of one load.
public enum SchedulingPoint: UInt8, Sendable {
    /// A lock is about to be taken.
    case lock
    /// A lock was released.
    case unlock
    /// A shared word of the arena is about to be read, or was just changed.
    case word
    /// Bytes of the arena are about to be read, without a lock.
    case bytes
    /// A pointer is about to be published or read.
    case publish
    /// A worker enters or leaves a request, or another thread looks where the workers are.
    case quiescence
    /// A thread is about to sleep on a word.
    case sleep
    /// A thread has woken those that sleep on a word.
    case wake
    /// Memory is about to be committed.
    case commit
    /// Memory is about to be given back.
    case giveBack
    /// A request to a device begins or ends.
    case device
    /// A thread was started, is joined, or has ended.
    case thread

    /// The calling thread is at such a place.
    @inlinable @inline(__always)
    public static func reach(_ point: SchedulingPoint) {
        #if DEBUG || INTERNAL_CHECKS
        SimulatedThreads.present?.reach(point)
        #endif
    }
}
