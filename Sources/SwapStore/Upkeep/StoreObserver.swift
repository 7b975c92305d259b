import Synchronization

/// What a store tells whoever maintains it.
///
///     setZpool, setCompressor, an area's compressor ──► pages are kept otherwise from now on
///     update                                        ──► tunables have changed
///     setBacking                                    ──► may a backing store come?
///
/// Law: called by the thread that changes the setting, without a lock of the store, after the
/// change is in force; the last one before. Never by a request for pages.
package protocol StoreObserver: AnyObject, Sendable {
    /// New pages are kept otherwise than before: pages that are stored may be left behind.
    func newPagesChanged()
    /// Tunables have changed.
    func tunablesChanged()
    /// The store is about to get a backing store. False: there is no memory to write to it, and it
    /// does not get it.
    func prepareBacking() -> Bool
}

/// Who observes a store, held weakly: whoever maintains a store keeps it alive.
struct WeakObserver: Sendable {
    weak var observer: (any StoreObserver)?
}

extension SwapStore {
    /// Tells this one from now on, and no other any more.
    package func observe(by observer: any StoreObserver) {
        self.observer.withLock { $0.observer = observer }
    }

    /// Who is told, if there is one.
    var currentObserver: (any StoreObserver)? { observer.withLock { $0.observer } }
}
