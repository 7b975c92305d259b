import Synchronization
import Threads
import ZswapCore

/// Values by slot, found by requests without a lock.
///
///     slot      0     1     2     3
///     place   | ●  |  0  |  ●  |  0  | …          a pointer each; 0: empty
///               ▲                                removed: kept until no worker can look at it, and
///               kept here                        no reference to it is left
///
/// Laws:
/// - The setter that removes a value frees it, or a later setter does; a request never does. While
///   a worker still holds a removed value, the table keeps it.
/// - One setter at a time; the caller's lock sees to that.
/// Cost: a word a slot; two counters to find a value.
public final class PublishedTable<Value: AnyObject & Sendable>: @unchecked Sendable {
    // Unchecked: the places are atomics.

    private let places: UnsafeMutableBufferPointer<Atomic<Unmanaged<Value>?>>
    private let state = Lock<State>(State())
    private let quiescence: Quiescence

    private struct State {
        var values: [Int: Value] = [:]
        var leaving: [(value: Value, epoch: UInt64)] = []
    }

    /// Creates a table of `slotCount` empty slots.
    public init(slotCount: Int, by quiescence: Quiescence) {
        places = .allocate(capacity: slotCount)
        for slot in places.indices { places.initializeElement(at: slot, to: Atomic(nil)) }
        self.quiescence = quiescence
    }

    deinit {
        // The values go with `state`.
        places.deinitialize()
        places.deallocate()
    }

    /// The value in a slot, for a worker that is not inside a request. Nil for a slot that there is
    /// not.
    public func value(at slot: Int, by worker: WorkerNumber) -> Value? {
        guard places.indices.contains(slot) else { return nil }
        quiescence.enter(worker)
        defer { quiescence.leave(worker) }
        SchedulingPoint.reach(.publish)
        // The worker entered before this load: the value is not freed before it is counted here.
        return places[slot].load(ordering: .sequentiallyConsistent)?.takeUnretainedValue()
    }

    /// Puts a value into a free slot.
    public func set(_ value: Value, at slot: Int) {
        state.withLock { state in
            invariant(state.values[slot] == nil, "a slot is given twice")
            state.values[slot] = value
            SchedulingPoint.reach(.publish)
            places[slot].store(Unmanaged.passUnretained(value), ordering: .sequentiallyConsistent)
            freeRemoved(&state)
        }
    }

    /// Empties a slot.
    public func remove(at slot: Int) {
        state.withLock { state in
            guard let value = state.values.removeValue(forKey: slot) else {
                unreachable("a slot is emptied twice")
            }
            SchedulingPoint.reach(.publish)
            places[slot].store(nil, ordering: .sequentiallyConsistent)
            state.leaving.append((value, quiescence.advance()))
            freeRemoved(&state)
        }
    }

    private func freeRemoved(_ state: inout State) {
        var index = 0
        while index < state.leaving.count {
            let isUnseen = quiescence.hasPassed(state.leaving[index].epoch)
            if isUnseen && isKnownUniquelyReferenced(&state.leaving[index].value) {
                state.leaving.remove(at: index)
            } else {
                index += 1
            }
        }
    }
}
