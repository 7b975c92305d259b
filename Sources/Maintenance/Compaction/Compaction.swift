import SwapStore
import ZPool

/// Moving objects together in every pool, so that frames become free: the pools walk by themselves,
/// and the entries follow (`ObjectMover`).
///
/// Law: between two steps no request is under way, so memory may go back, and so may tables.
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
        for (_, pool) in store.poolsByAge {
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
