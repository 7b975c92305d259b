/// Decides whether a worker's request may wait for the backing store's device, which may answer
/// late or never.
///
///     load of a page on the backing store ── enter ──┬── wait:   reads the device
///                                                    ├── later:  `wouldWait`, nothing was done
///                                                    └── refuse: `backingFailed`
///
/// Law: asked by the worker's own thread, once for each page that lies on the backing store.
public protocol BackingGate: AnyObject {
    /// Whether this request may wait now. May block until that is decided.
    func enter() -> BackingEntry
}

/// The answer of a ``BackingGate``.
public enum BackingEntry: Sendable {
    /// Read the device.
    case wait
    /// Give the request up: another worker, which may wait, repeats it.
    case later
    /// Fail the load: the device has answered no read for a long time.
    case refuse
}
