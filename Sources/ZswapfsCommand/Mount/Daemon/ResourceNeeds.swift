import LinuxSystem
import SystemPackage
import ZswapCore

/// Hard limits under which a mount is not started: it would end, or fail, once it holds pages.
///
/// Law: each message names the limit, its value and what to do; the status is 69.
enum ResourceNeeds {
    /// Descriptors for /dev/fuse, a ring, the memory, backing stores, memory groups.
    private static let openFileCount: UInt64 = 64
    /// The main thread's.
    private static let stackByteCount: UInt64 = 1 << 20
    /// Heap, stacks and buffers that are made later.
    private static let laterByteCount: UInt64 = 256 << 20

    /// Throws when a hard limit is too low for a store of this size.
    static func check(arenaByteCount: UInt64, threadCount: Int) throws(CommandFailure) {
        if let seconds = ProcessLimits.processorTime.value {
            throw failure(
                ProcessLimits.processorTime,
                "the kernel would end the daemon after \(seconds) s of work, and its pages with it")
        }
        try check(ProcessLimits.openFiles, needs: openFileCount)
        try check(ProcessLimits.stack, needs: stackByteCount)
        // Not root's; others may have more threads than the daemon's.
        if !Privileges.includeSystemAdministration {
            try check(ProcessLimits.processes, needs: UInt64(threadCount))
        }
        let use = ProcessMemory.ownUse
        try check(ProcessLimits.data, needs: use.dataByteCount + laterByteCount)
        let (sum, isLarge) = (use.totalByteCount + laterByteCount)
            .addingReportingOverflow(arenaByteCount)
        try check(
            ProcessLimits.addressSpace, needs: isLarge ? .max : sum,
            orElse: ", or a smaller arena=")
    }

    private static func check(
        _ limit: ProcessLimits.Limit, needs need: UInt64, orElse advice: String = ""
    ) throws(CommandFailure) {
        guard let value = limit.value, value < need else { return }
        throw failure(limit, "a mount needs \(need) at least\(advice)")
    }

    private static func failure(
        _ limit: ProcessLimits.Limit, _ reason: String
    ) -> CommandFailure {
        CommandFailure(
            .unavailable, "\(limit.description) is too low: \(reason); start it without that limit")
    }

    /// The kernel gives no thread for this.
    static func noThread(_ purpose: String) -> CommandFailure {
        CommandFailure(
            .unavailable, "no thread \(purpose)\(hint(.resourceTemporarilyUnavailable))")
    }

    /// No memory for something that a mount needs.
    static func noMemory(_ purpose: String) -> CommandFailure {
        CommandFailure(.unavailable, "no memory \(purpose)\(hint(.noMemory))")
    }

    /// An addition to the message of a call that failed with this errno: the resource limits that
    /// may be the cause. Empty when none of them is set.
    static func hint(_ errno: Errno) -> String {
        let limits: [ProcessLimits.Limit]
        switch errno {
        case .fileTooLarge: limits = [ProcessLimits.fileSize]
        case .tooManyOpenFiles: limits = [ProcessLimits.openFiles]
        case .noMemory: limits = [ProcessLimits.addressSpace, ProcessLimits.data]
        case .resourceTemporarilyUnavailable: limits = [ProcessLimits.processes]
        default: limits = []
        }
        let low = limits.filter { $0.value != nil }.map(\.description)
        return low.isEmpty ? "" : "; " + low.joined(separator: " or ") + " is too low for it"
    }
}
