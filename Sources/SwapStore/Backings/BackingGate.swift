/// Who decides whether a worker's request may wait for the backing store's device, which may answer
/// late or never.
///
///     load of a page on the backing store ── enter ──┬── wait:   reads the device
///                                                    ├── later:  `wouldWait`, nothing was done
///                                                    └── refuse: `backingFailed`
///
/// Law: asked by the worker's own thread, once for each page that lies on the backing store.
public protocol BackingGate: AnyObject {
    /// May this request wait now? May block until it is known.
    func enter() -> BackingEntry
}

/// The answer of a ``BackingGate``.
public enum BackingEntry: Sendable {
    /// Read the device.
    case wait
    /// Give the request up: it is done again by someone who may wait.
    case later
    /// The device has answered nobody for long.
    case refuse
}
