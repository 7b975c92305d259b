public import Synchronization
public import Threads
import ZswapCore

/// Tells when no worker can still use something that was unlinked: read-copy-update with an epoch
/// for each worker.
///
///     epoch 7   worker 0: 7   worker 1: idle   worker 2: 6        unlinked before epoch 7 began
///                                              ^ still may look   -> wait until it says 7 or idle
///
/// Law: a worker stores the epoch before it reads any shared offset and idle after it used the last
/// one. Whatever was unlinked before `advance()` returned E is out of every worker's sight once
/// `hasPassed(E)`.
/// Price: one locked exchange to enter and one plain store to leave a request; 64 bytes a worker,
/// so that workers do not share cache lines.
public final class Quiescence: @unchecked Sendable {
    // Unchecked: the slots are atomics, each written by one worker.

    @usableFromInline static var slotByteCount: Int { 64 }
    @usableFromInline static var idle: UInt64 { 0 }

    @usableFromInline let slots: UnsafeMutableRawPointer
    @usableFromInline let epoch = Atomic<UInt64>(1)
    private let taken = Lock<[Bool]>(Array(repeating: false, count: Limits.workersMax))

    init() {
        let byteCount = Limits.workersMax * Self.slotByteCount
        slots = .allocate(byteCount: byteCount, alignment: Self.slotByteCount)
        slots.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
    }

    deinit { slots.deallocate() }

    @inlinable @inline(__always)
    func slot(_ worker: WorkerNumber) -> UnsafeMutablePointer<Atomic<UInt64>> {
        (slots + worker.rawValue * Self.slotByteCount).assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    /// A place for one more worker; nil when all are taken.
    public func register() -> WorkerNumber? {
        taken.withLock { taken in
            guard let free = taken.firstIndex(of: false) else { return nil }
            taken[free] = true
            return WorkerNumber(rawValue: free)
        }
    }

    /// Gives the place back. The worker must be idle.
    public func unregister(_ worker: WorkerNumber) {
        invariant(slot(worker).pointee.load(ordering: .relaxed) == Self.idle)
        taken.withLock { $0[worker.rawValue] = false }
    }

    /// The worker is about to read shared offsets.
    @inlinable public func enter(_ worker: WorkerNumber) {
        SchedulingPoint.reach(.quiescence)
        // No read of the request may be ordered before this store, plain ones among them.
        let previous = slot(worker).pointee.exchange(
            epoch.load(ordering: .acquiring), ordering: .sequentiallyConsistent)
        FullFence.behindExchange()
        assert(previous == Self.idle, "a worker entered twice")
    }

    /// The worker holds no offset any more.
    @inlinable public func leave(_ worker: WorkerNumber) {
        SchedulingPoint.reach(.quiescence)
        slot(worker).pointee.store(Self.idle, ordering: .releasing)
    }

    /// Whether the worker is inside a request. For its own thread.
    public func isInside(_ worker: WorkerNumber) -> Bool {
        slot(worker).pointee.load(ordering: .relaxed) != Self.idle
    }

    /// Starts a new epoch, after something was unlinked; see `hasPassed`.
    public func advance() -> UInt64 {
        SchedulingPoint.reach(.quiescence)
        let epoch = epoch.wrappingAdd(1, ordering: .sequentiallyConsistent).newValue
        // The other side of ``enter(_:)``: the slots are read after what was unlinked.
        FullFence.behindExchange()
        return epoch
    }

    /// Whether every worker that could have seen what was unlinked before `advance` returned
    /// `epoch` is done.
    public func hasPassed(_ epoch: UInt64) -> Bool {
        SchedulingPoint.reach(.quiescence)
        for worker in 0..<Limits.workersMax {
            let seen = slot(WorkerNumber(rawValue: worker)).pointee
                .load(ordering: .sequentiallyConsistent)
            if seen != Self.idle && seen < epoch { return false }
        }
        return true
    }
}

/// The place of one worker thread in everything that is kept per worker.
public struct WorkerNumber: Hashable, Sendable {
    /// 0 ..< ``Limits/workersMax``.
    public let rawValue: Int
}
