import Advice
import FuseServer
import LinuxSystem

/// The memory of the processes of a mount on this machine, beside its store.
enum AdviseDaemon {
    /// Code, heap, tables and libraries of the server, and the memory that the supervisor and the
    /// standby have for themselves, as measured on an empty mount (decision 0063).
    private static let processesByteCount = 36 << 20
    /// Workers of the write-back, the migration and the verification.
    private static let keeperCount = 3

    /// A mount as `zswapfs mount` makes it.
    static var ofThisMachine: Forecast.Daemon {
        let threadCount = Assembly.threadCount
        let helperCount = Assembly.helperCount
        return Forecast.Daemon(
            byteCount: processesByteCount
                + FuseServer.memoryByteCount(threadCount: threadCount, helperCount: helperCount),
            codecCount: FuseServer.deviceThreadCount(threadCount) + helperCount + keeperCount)
    }
}
