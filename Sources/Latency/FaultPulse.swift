import Synchronization
import Threads

/// The reads that may be page faults, counted where they are served: a counter for each serving
/// thread.
///
/// A fault reads one page, or with the kernel's readahead up to 32 of them. Larger reads are
/// programs that copy files; they hardly wait for wake-ups. The kernel cuts what they ask for, so a
/// large read takes one of the small ones back. Writes do not count at all: no program waits for
/// the page that is swapped out.
///
/// Law: counting allocates nothing, takes no lock and makes no system call; a burst is told to
/// ``BurstListener``.
public final class FaultPulse: Sendable {
    /// The largest read that may begin a burst, in bytes. Half of what programs that copy files
    /// ask for at least (128 KiB).
    static let byteCountMaxToBegin = 64 << 10
    /// The largest read that keeps a burst going: the most that readahead for swap asks for.
    static let byteCountMax = 128 << 10

    let listener = BurstListener()
    private let counters = Mutex<[ReadCounter]>([])

    /// No serving threads yet.
    public init() {}

    /// A counter for one more serving thread. Before serving.
    public func makeCounter() -> ReadCounter {
        let counter = ReadCounter(listener)
        counters.withLock { $0.append(counter) }
        return counter
    }

    /// Reads that may be faults since the begin, of all threads, less the larger ones. Wraps.
    var readCount: UInt64 { counters.withLock { $0.reduce(0) { $0 &+ $1.readCount } } }
}

/// The reads of one serving thread that may be page faults. In cache lines of its own.
public final class ReadCounter: Sendable {
    private let listener: BurstListener
    // Whatever the allocator puts before and behind this object is a line away from the count.
    private let before = InlineArray<8, UInt64>(repeating: 0)
    private let count = Atomic<UInt64>(0)
    private let behind = InlineArray<8, UInt64>(repeating: 0)

    init(_ listener: BurstListener) { self.listener = listener }

    /// Counts a read of `byteCount` bytes. For the counter's thread only.
    public func note(byteCount: Int) {
        let isCopying = byteCount > FaultPulse.byteCountMax
        // One thread writes, so adding needs no atomic step.
        let before = count.load(ordering: .relaxed)
        count.store(isCopying ? before &- 1 : before &+ 1, ordering: .relaxed)
        guard listener.isListening else { return }
        if isCopying {
            listener.hearCopying()
        } else if byteCount <= FaultPulse.byteCountMaxToBegin {
            listener.hear(at: MonotonicClock.nanoseconds)
        }
    }

    var readCount: UInt64 { count.load(ordering: .relaxed) }
}
