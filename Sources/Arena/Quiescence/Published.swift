import Synchronization
import Threads
import ZswapCore

/// A value that requests read by a pointer, and that setters replace as a whole.
///
///     setter     makes a new one ── swaps the pointer ── the old one goes when no worker has it
///     request    enters ── reads the pointer ── uses the value ── leaves     no lock, no counting
///
/// Laws:
/// - A value that is read is never changed, and lives until no worker can have it.
/// - Values are freed by setters and by ``freeReplaced()``, never by a worker.
/// - A worker may keep a copy from a value, and check at the start of each request whether the
///   value is still in force. The word that it checks changes before the old value may be freed.
/// Cost: a load to read; a replaced value stays until the requests that began before have ended.
public final class Published<Value: AnyObject & Sendable>: Sendable {
    private struct State {
        var current: Value
        /// Replaced ones, each with the epoch after which no worker can have it.
        var leaving: [(value: Value, epoch: UInt64)] = []
    }

    private let pointer: Atomic<Unmanaged<Value>>
    private let state: Lock<State>
    private let quiescence: Quiescence

    /// A first value.
    public init(_ value: Value, by quiescence: Quiescence) {
        // Kept by `state`.
        pointer = Atomic(Unmanaged.passUnretained(value))
        state = Lock(State(current: value))
        self.quiescence = quiescence
    }

    /// Replaced values that are still kept.
    var replacedCount: Int { state.withLock { $0.leaving.count } }

    /// Lends the value to a worker, which must be inside a request.
    public func read<R>(by worker: WorkerNumber, _ body: (Value) -> R) -> R {
        invariant(quiescence.isInside(worker), "a published value is read outside of a request")
        SchedulingPoint.reach(.publish)
        // The worker entered before this load, so the value outlives its request.
        return pointer.load(ordering: .sequentiallyConsistent)._withUnsafeGuaranteedRef(body)
    }

    /// Puts another value in force: requests that begin from now on read it. `announce` changes the
    /// word by which workers see that their copy is old.
    public func replace(by value: Value, announcing announce: () -> Void = {}) {
        state.withLock { state in
            let old = state.current
            state.current = value
            SchedulingPoint.reach(.publish)
            pointer.store(Unmanaged.passUnretained(value), ordering: .sequentiallyConsistent)
            // Before the epoch: a worker that begins after it does not hold up the old value, so it
            // must see that there is a newer one.
            SchedulingPoint.reach(.publish)
            announce()
            state.leaving.append((old, quiescence.advance()))
        }
        freeReplaced()
    }

    /// Frees the values that no request can read any more, behind no lock.
    public func freeReplaced() {
        let unused = state.withLock { state in
            let count = state.leaving.prefix { quiescence.hasPassed($0.epoch) }.count
            defer { state.leaving.removeFirst(count) }
            return Array(state.leaving.prefix(count))
        }
        _ = consume unused
    }
}
