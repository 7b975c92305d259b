import Arena
import Threads
package import ZPool
package import ZswapCore

/// The user of one generation's pool. When the pool moves an object, the mover changes the entry in
/// the page table, or refuses the move. The store owns it; a pool refers to it weakly.
///
/// Law: the entry changes only if it still names the old place in this pool, by one
/// compareExchange; a page that was replaced or discarded meanwhile keeps what it has. Handles of
/// two pools may be equal, so the generation is compared too. The mover evicts only during
/// ``SwapStore/shrink(_:of:pageCount:evictor:)``. `move` is called with a size class or a pool
/// locked, so it takes no lock but the one below.
final class ObjectMover: PoolUser {
    private let generation: Int
    private let store = Lock<WeakStore>(WeakStore())

    init(generation: Int) { self.generation = generation }

    private struct WeakStore: Sendable {
        weak var store: SwapStore?
        var evictor: (any ObjectEvictor)?
    }

    /// The store is known only after its first pool was made.
    func serve(_ store: SwapStore) { self.store.withLock { $0.store = store } }

    /// Sets who evicts the objects that the pool offers; nil: none is evicted.
    func route(evictionsTo evictor: (any ObjectEvictor)?) {
        store.withLock { store in
            invariant(evictor == nil || store.evictor == nil, "two threads shrink a pool at once")
            store.evictor = evictor
        }
    }

    func evict(_ handle: PoolHandle, owner: ObjectOwner) -> Bool {
        store.withLock { $0.evictor }?.evict(handle, owner: owner) ?? false
    }

    func move(owner: ObjectOwner, from old: PoolHandle, to new: PoolHandle) -> Bool {
        guard let store = store.withLock({ $0.store }),
            let record = store.directory.records[owner.area], record.state != .free,
            let root = record.root
        else { return false }
        invariant(old != new, "an object moves to its own place")
        let table = PageTable(in: store.arena, root: root)
        guard let offset = table.entryOffset(of: owner.page) else { return false }
        let entry = PageEntry(pair: store.arena.loadPair(at: offset))
        guard entry.isInMemory, entry.generation == generation, entry.handle == old
        else { return false }
        return store.arena.compareExchangePair(
            expected: entry.pair, desired: entry.moved(to: new).pair, at: offset)
    }
}

/// Takes objects out of a pool that is asked to shrink.
package protocol ObjectEvictor: AnyObject, Sendable {
    /// True: the page has left, and its object is freed. Called by the thread that asked the pool
    /// to shrink, without a lock.
    func evict(_ handle: PoolHandle, owner: ObjectOwner) -> Bool
}
