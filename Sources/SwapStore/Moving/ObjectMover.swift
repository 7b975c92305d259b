import Arena
import Synchronization
import ZPool
import ZswapCore

/// Answers the pool of one generation that wants to move an object: the entry in the page table
/// follows it, or the move is off. The store owns it; a pool refers to it weakly.
///
/// Law: the entry changes only if it still names the old place in this pool, by one
/// compareExchange; a page that was replaced or discarded meanwhile keeps what it has. Handles of
/// two pools may be equal, so the generation is compared too. Nothing is evicted but while the
/// write-back thread asks the pool to shrink.
/// `move` is called with a size class or a pool locked, so it takes no lock but the one below.
final class ObjectMover: PoolUser {
    private let generation: Int
    private let store = Mutex<WeakStore>(WeakStore())

    init(generation: Int) { self.generation = generation }

    private struct WeakStore: Sendable {
        weak var store: SwapStore?
        var eviction: PoolEviction?
    }

    /// The store is known only after its first pool was made.
    func serve(_ store: SwapStore) { self.store.withLock { $0.store = store } }

    /// What the pool offers goes this way from now on; nil: nothing goes.
    func route(evictions eviction: PoolEviction?) { store.withLock { $0.eviction = eviction } }

    func evict(_ handle: PoolHandle, owner: ObjectOwner) -> Bool {
        store.withLock { $0.eviction }?.evict(handle, owner: owner) ?? false
    }

    func move(owner: ObjectOwner, from old: PoolHandle, to new: PoolHandle) -> Bool {
        guard let store = store.withLock({ $0.store }),
            let record = store.directory.records[owner.area], record.state != .free,
            let root = record.root
        else { return false }
        let table = PageTable(in: store.arena, root: root)
        guard let offset = table.entryOffset(of: owner.page) else { return false }
        let entry = PageEntry(pair: store.arena.loadPair(at: offset))
        guard entry.isInMemory, entry.generation == generation, entry.handle == old
        else { return false }
        return store.arena.compareExchangePair(
            expected: entry.pair, desired: entry.moved(to: new).pair, at: offset)
    }
}
