import Synchronization
public import ZPool
public import ZswapCore

/// A page table as simple as can be, and the pool's user: owner -> handle, in a dictionary behind a
/// lock.
///
/// Law: objects in the table are complete, and only the thread that takes an entry out frees its
/// object. `free` is never called with the lock held, since the pool calls `move` with a lock of
/// its own.
public final class PoolTable: PoolUser {
    /// One published object.
    public struct Entry: Equatable, Sendable {
        /// The object's handle.
        public var handle: PoolHandle
        /// Its length in bytes.
        public var byteCount: Int
        /// The seed of its content; see ``Pattern``.
        public var seed: UInt64

        /// An entry.
        public init(handle: PoolHandle, byteCount: Int, seed: UInt64) {
            self.handle = handle
            self.byteCount = byteCount
            self.seed = seed
        }
    }

    private struct State: Sendable {
        var entries: [UInt64: Entry] = [:]
        var evicted: [(owner: ObjectOwner, handle: PoolHandle)] = []
        var moveCount = 0
        var keepsOnEvict: @Sendable (ObjectOwner) -> Bool = { _ in false }
        var beforeEvict: (@Sendable (ObjectOwner) -> Void)?
        var keepsOnMove: @Sendable (ObjectOwner) -> Bool = { _ in false }
        var aroundMove: (@Sendable () -> Void)?
        var pool: Zpool?
    }

    private let state = Mutex(State())

    /// An empty table.
    public init() {}

    /// The pool that evicted objects are freed in. The table keeps it alive until it is set to nil.
    public func use(_ pool: Zpool?) { state.withLock { $0.pool = pool } }

    /// Owners that refuse to be evicted.
    public func keepOnEvict(_ keeps: @escaping @Sendable (ObjectOwner) -> Bool) {
        state.withLock { $0.keepsOnEvict = keeps }
    }

    /// Sets an action that runs when the pool asks for an eviction, before the table looks; nil:
    /// none. It is called without a lock, so it may store and discard.
    public func beforeEvict(_ action: (@Sendable (ObjectOwner) -> Void)?) {
        state.withLock { $0.beforeEvict = action }
    }

    /// Owners that refuse to be moved.
    public func keepOnMove(_ keeps: @escaping @Sendable (ObjectOwner) -> Bool) {
        state.withLock { $0.keepsOnMove = keeps }
    }

    /// Sets an action that runs before and after an object moves in the table; nil: none. It is
    /// called without a lock of the table.
    public func aroundMove(_ action: (@Sendable () -> Void)?) {
        state.withLock { $0.aroundMove = action }
    }

    /// The evictions that the pool asked for since the last call, in order, refused or not.
    public func takeEvicted() -> [(owner: ObjectOwner, handle: PoolHandle)] {
        state.withLock { state in
            defer { state.evicted = [] }
            return state.evicted
        }
    }

    /// Number of objects that were moved.
    public var moveCount: Int { state.withLock { $0.moveCount } }

    /// All entries.
    public var entries: [ObjectOwner: Entry] {
        let raw = state.withLock { $0.entries }
        var entries: [ObjectOwner: Entry] = [:]
        for (key, entry) in raw {
            if let owner = ObjectOwner(rawValue: key) { entries[owner] = entry }
        }
        return entries
    }

    /// The entry of an owner.
    public subscript(owner: ObjectOwner) -> Entry? {
        state.withLock { $0.entries[owner.rawValue] }
    }

    /// Publishes an entry, or takes it out with nil; returns what was there.
    public func exchange(_ owner: ObjectOwner, _ entry: Entry?) -> Entry? {
        state.withLock { state in
            defer { state.entries[owner.rawValue] = entry }
            return state.entries[owner.rawValue]
        }
    }

    /// Looks at an entry while it can neither be moved nor be freed.
    public func withEntry<Result: Sendable>(
        _ owner: ObjectOwner, _ body: (Entry) throws -> Result
    ) rethrows -> Result? {
        try state.withLock { state in try state.entries[owner.rawValue].map(body) }
    }

    /// See ``PoolUser/evict(_:owner:)``.
    public func evict(_ handle: PoolHandle, owner: ObjectOwner) -> Bool {
        state.withLock { $0.beforeEvict }?(owner)
        let (keeps, pool) = state.withLock { state -> (Bool, Zpool?) in
            state.evicted.append((owner, handle))
            if state.keepsOnEvict(owner) { return (true, nil) }
            // Another thread took it out and frees it: for the pool it counts as evicted.
            guard state.entries[owner.rawValue]?.handle == handle else { return (false, nil) }
            state.entries[owner.rawValue] = nil
            return (false, state.pool)
        }
        pool?.free(handle)
        return !keeps
    }

    /// See ``PoolUser/move(owner:from:to:)``.
    public func move(owner: ObjectOwner, from old: PoolHandle, to new: PoolHandle) -> Bool {
        let action = state.withLock { $0.aroundMove }
        action?()
        defer { action?() }
        return state.withLock { state in
            if state.keepsOnMove(owner) { return false }
            guard state.entries[owner.rawValue]?.handle == old else { return false }
            state.entries[owner.rawValue]?.handle = new
            state.moveCount += 1
            return true
        }
    }
}
