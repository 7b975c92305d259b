import LinuxSystem

/// The processors of the kernel's unbound workqueues, of which the loop devices' is one. Both
/// settings are the whole machine's.
enum UnboundWork {
    private static let processorsPath = "/sys/devices/virtual/workqueue/cpumask"
    private static let scopePath = "/sys/module/workqueue/parameters/default_affinity_scope"

    /// Keeps them on one processor until it is undone.
    static func pin(to processor: Int, undo: inout UndoList) throws(SystemFailure) {
        // Groups of 32 processors, the last first.
        let groups =
            [String(1 << (processor % 32), radix: 16)]
            + Array(repeating: "0", count: processor / 32)
        try KernelSetting.set(processorsPath, to: groups.joined(separator: ","), undo: &undo)
    }

    /// Keeps each piece of work on the processor it was asked for on, until it is undone: what
    /// `zswapfs swap on --local` does.
    static func keepLocal(undo: inout UndoList) throws(SystemFailure) {
        try KernelSetting.set(scopePath, to: "cpu", undo: &undo)
    }
}
