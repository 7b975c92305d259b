import Synchronization
import Threads

/// How long requests for pages take, from when a serving thread has taken one until its answer is
/// ready, waits included: a recorder for each serving thread, and the sum of all for readers.
///
///     serving thread ─► RequestRecorder: read | write, a counter a bucket ─► histogram(of:)
///
/// Laws:
/// - Recording allocates nothing, takes no lock and makes no system call. A thread writes to its
///   own recorder only, which shares no cache line with another one.
/// - A reader sees each counter as it was at some moment, not all of them at the same one.
/// - All of it begins at zero with each daemon.
/// Price: two looks at the clock and three counters a request; 4.5 KiB a thread.
public final class RequestLatencies: Sendable {
    /// The kinds of requests that are timed.
    public enum Kind: String, CaseIterable, Sendable {
        /// Pages of an area are read.
        case read
        /// Pages of an area are written.
        case write
    }

    private let recorders = Mutex<[RequestRecorder]>([])

    /// No serving threads yet.
    public init() {}

    /// A recorder for one more serving thread. Before serving.
    public func makeRecorder() -> RequestRecorder {
        let recorder = RequestRecorder()
        recorders.withLock { $0.append(recorder) }
        return recorder
    }

    /// All requests of a kind so far.
    public func histogram(of kind: Kind) -> LatencyHistogram {
        var sum = LatencyHistogram()
        for recorder in recorders.withLock({ $0 }) { recorder.add(kind, to: &sum) }
        return sum
    }
}

/// The times of the requests of one serving thread. In cache lines of its own.
public final class RequestRecorder: Sendable {
    // Whatever the allocator puts before and behind this object is a line away from the counters.
    private let before = InlineArray<8, UInt64>(repeating: 0)
    private let reads = LatencyCounters()
    private let writes = LatencyCounters()
    private let behind = InlineArray<8, UInt64>(repeating: 0)

    init() {}

    /// Counts a request that began at this time of the monotonic clock and is answered now. For the
    /// recorder's thread only.
    public func note(_ kind: RequestLatencies.Kind, since began: Int64) {
        note(kind, nanoseconds: max(MonotonicClock.nanoseconds &- began, 0))
    }

    /// Counts a request that took this many nanoseconds. For the recorder's thread only.
    public func note(_ kind: RequestLatencies.Kind, nanoseconds: Int64) {
        switch kind {
        case .read: reads.note(nanoseconds)
        case .write: writes.note(nanoseconds)
        }
    }

    func add(_ kind: RequestLatencies.Kind, to sum: inout LatencyHistogram) {
        switch kind {
        case .read: reads.add(to: &sum)
        case .write: writes.add(to: &sum)
        }
    }
}

/// The counters of one kind of request and one thread: read by others while they rise.
private struct LatencyCounters: ~Copyable, Sendable {
    private let counts = InlineArray<272, Atomic<UInt64>> { _ in Atomic(0) }
    private let nanoseconds = Atomic<UInt64>(0)
    private let longest = Atomic<UInt64>(0)

    /// One thread writes, so adding needs no atomic step.
    func note(_ time: Int64) {
        let index = LatencyBuckets.index(of: time)
        counts[index].store(counts[index].load(ordering: .relaxed) &+ 1, ordering: .relaxed)
        let time = UInt64(max(time, 0))
        nanoseconds.store(nanoseconds.load(ordering: .relaxed) &+ time, ordering: .relaxed)
        if time > longest.load(ordering: .relaxed) { longest.store(time, ordering: .relaxed) }
    }

    func add(to sum: inout LatencyHistogram) {
        for index in counts.indices {
            sum.add(counts[index].load(ordering: .relaxed), toBucket: index)
        }
        sum.add(
            nanoseconds: nanoseconds.load(ordering: .relaxed),
            longest: longest.load(ordering: .relaxed))
    }
}
