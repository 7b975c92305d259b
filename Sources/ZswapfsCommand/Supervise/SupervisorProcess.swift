import LinuxSystem
import Logging

/// The process that `zswapfs mount` becomes when the mount is supervised.
///
///     mount … ── supervisor ──┬── mount … --supervisor-descriptor 3    the server
///                             └── the same                             the standby
///
/// Law: nothing of the caller is held once the first server serves.
enum SupervisorProcess {
    static let name = "zswapfs-super"

    /// Supervises servers that are started with these arguments. Returns the exit status.
    static func run(
        arguments: [String], level: Logger.Level, isBackground: Bool
    ) throws(CommandFailure) -> Int32 {
        let signals = SignalQueue()
        CrashReport.install(usesLog: isBackground)
        ProcessProtection.setName(name)
        let logger = DaemonLog.make(isBackground: isBackground, level: level)
        protect(logger)
        do throws(SystemFailure) {
            let supervisor = try Supervisor(
                signals: signals, logger: logger,
                onReady: { if isBackground { Background.announceReady() } },
                launch: { () throws(SystemFailure) -> ProcessWatch in
                    try ProcessWatch.start(arguments)
                })
            return supervisor.run()
        } catch {
            throw CommandFailure(
                .unavailable, "no server can be started: \(error)\(ResourceNeeds.hint(error.errno))"
            )
        }
    }

    /// Whatever may not be had is left out: the server says what it lacks.
    private static func protect(_ logger: Logger) {
        ProcessProtection.settleHeap()
        do throws(SystemFailure) {
            try ProcessProtection.forbidOutOfMemoryKill()
        } catch {
            logger.debug("supervisor: \(error)")
        }
        let absent = try? ProcessProtection.absentByteCount(sparse: [])
        guard MemoryAllowance().hasRoom(forByteCount: absent ?? 0) else { return }
        do throws(SystemFailure) {
            try ProcessProtection.lockMemory(sparse: [])
        } catch {
            logger.debug("supervisor: \(error)")
        }
    }
}
