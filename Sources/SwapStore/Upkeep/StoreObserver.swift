import Threads

/// The calls of a store to its maintenance.
///
///     setZpool, setCompressor, an area's compressor ──► pages are kept otherwise from now on
///     update                                        ──► tunables have changed
///     setBacking                                    ──► may a backing store come?
///
/// Law: called by the thread that changes the setting, without a lock of the store, after the
/// change is in force; the last one before. Never by a request for pages.
package protocol StoreObserver: AnyObject, Sendable {
    /// New pages are kept otherwise than before: stored pages may need to be migrated.
    func newPagesChanged()
    /// Tunables have changed.
    func tunablesChanged()
    /// The store is about to get a backing store. False: there is no memory to write to it, and it
    /// does not get it.
    func prepareBacking() -> Bool
}

/// The observer of a store, held weakly, since maintenance itself keeps the store alive.
struct WeakObserver: Sendable {
    weak var observer: (any StoreObserver)?
}

extension SwapStore {
    /// Tells this observer from now on, in place of the one before.
    package func observe(by observer: any StoreObserver) {
        self.observer.withLock { $0.observer = observer }
    }

    /// The observer; nil: none.
    var currentObserver: (any StoreObserver)? { observer.withLock { $0.observer } }
}
