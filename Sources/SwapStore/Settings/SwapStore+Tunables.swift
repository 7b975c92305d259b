import Threads
import ZswapCore

/// The tunables of a running store, and the memory limit that follows from them.
extension SwapStore {
    /// The tunables in force.
    public var tunables: Tunables { control.withLock { $0.state.tunables } }

    /// Changes tunables; requests that start from now on see all of the change.
    public func update(_ change: (inout Tunables) -> Void) {
        control.withLock { control in
            var tunables = control.state.tunables
            change(&tunables)
            publish(&control, tunables: tunables)
        }
        // Requests that wait for room look again: the limit may have changed.
        roomRequests.noteProgress()
        currentObserver?.tunablesChanged()
    }

    /// Sets the most bytes that the process's memory groups leave for pools; nil: only the tunables
    /// count. Called by the thread that watches the memory groups.
    public func setAllowance(byteCount: UInt64?) {
        let isNew = control.withLock { control in
            control.allowedByteCount = byteCount
            let old = control.state
            let limit = MemoryLimit(
                totalByteCount: totalByteCount, tunables: old.tunables,
                allowedByteCount: byteCount)
            guard limit != old.limit else { return false }
            publish(&control)
            return true
        }
        if isNew { roomRequests.noteProgress() }
    }

    /// The pools' limit by the tunables alone, in bytes.
    public var tunedLimitByteCount: Int {
        let limit = MemoryLimit(
            totalByteCount: totalByteCount, tunables: tunables, allowedByteCount: nil)
        return limit.frameCountMax * Page.byteCount
    }

    /// Bytes that the process's memory groups allow the pools; nil: as many as they want.
    public var allowedPoolByteCount: UInt64? { control.withLock { $0.allowedByteCount } }
}
