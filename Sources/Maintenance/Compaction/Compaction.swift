import SwapStore
import ZPool
import ZswapCore

/// Moving objects together in every pool, so that frames become free: the pools walk by themselves,
/// and the entries follow (`ObjectMover`).
///
/// Law: between two steps no request is under way, so memory may go back, and so may tables.
/// It allocates nothing of its own: what frees memory must not need any.
/// Price: a step empties one zspage at most, under the lock of its size class.
struct Compaction: Sendable {
    private let store: SwapStore

    init(of store: SwapStore) { self.store = store }

    /// Moves objects together; returns how many frames became free. 0 when another thread compacts.
    /// `goesOn` is called between steps, outside of any request: it may sleep, and ends the
    /// compaction with false.
    @discardableResult
    func run(by worker: StoreWorker, _ goesOn: () -> Bool = { true }) -> Int {
        var freed = 0
        for generation in 0..<Limits.poolsMax {
            guard let pool = store.zpool(generation) else { continue }
            store.begin(worker)
            defer { store.end(worker) }
            freed += pool.compact {
                store.end(worker)
                defer { store.begin(worker) }
                return goesOn()
            }
        }
        store.countCompacted(frameCount: freed)
        return freed
    }
}
