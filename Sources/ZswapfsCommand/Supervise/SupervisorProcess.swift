import ArgumentParser
import LinuxSystem
import Logging

/// The process that `zswapfs mount` becomes when the mount is supervised, and `zswapfs supervise`.
///
///     mount … ── supervisor ──┬── mount … --supervisor-descriptor 3    the server
///                             ├── the same                             the standby
///                             └── becomes the new program after an upgrade: --supervisor-state
///
/// Law: nothing of the caller is held once the first server serves.
struct SupervisorProcess {
    static let name = "zswapfs-super"

    /// The arguments of its servers, without the option for their line to it.
    let arguments: [String]
    let level: Logger.Level
    let isBackground: Bool

    private static let lineOption = "--supervisor-descriptor"

    /// A server's arguments without the option for its line to its supervisor.
    static func withoutDescriptor(_ arguments: [String]) -> [String] {
        guard let place = arguments.firstIndex(of: lineOption) else { return arguments }
        return Array(arguments[..<place]) + arguments[place...].dropFirst(2)
    }

    /// Supervises to the end of the mount. Throws the exit status of a server that failed.
    func run(_ beginning: Supervisor.Beginning) throws {
        let signals = SignalQueue()
        CrashReport.install(usesLog: isBackground)
        ProcessProtection.setName(Self.name)
        let logger = DaemonLog.make(isBackground: isBackground, level: level)
        Self.protect(logger)
        let manager = ServiceManager()
        let line = [Self.lineOption, "\(ProcessWatch.lineDescriptor)"]
        let supervisor: Supervisor
        do throws(SystemFailure) {
            supervisor = try Supervisor(
                beginning, signals: signals, logger: logger,
                onReady: { [isBackground] in
                    if isBackground { Background.announceReady() }
                    manager?.announceReady()
                },
                launch: { [arguments] program throws(SystemFailure) -> ProcessWatch in
                    try ProcessWatch.start(arguments + line, executable: program?.number)
                })
        } catch {
            throw CommandFailure(
                .unavailable, "no server can be started: \(error)\(ResourceNeeds.hint(error.errno))"
            )
        }
        supervisor.manager = manager
        supervisor.become = { [arguments] program, state in
            let failure = state.become(program.number) {
                arguments + ["--supervisor-state", "\($0)"]
            }
            logger.error("the supervisor stays the version before: \(failure)")
        }
        let status = supervisor.run()
        if status != 0 { throw ExitCode(status) }
    }

    /// Goes on as the new version of a supervisor that left its state in this descriptor.
    func resume(_ descriptor: CInt) throws {
        guard let state = SupervisorState(leftIn: descriptor) else {
            throw CommandFailure(.failure, "descriptor \(descriptor) holds no supervisor's state")
        }
        let server = try ProcessWatch(
            state.server, channel: DescriptorChannel(adopting: state.line))
        let kept = state.kept.map { (name: $0.name, descriptor: PassedDescriptor($0.descriptor)) }
        try run(.upgraded(server, restartCount: state.restartCount, kept: kept))
    }

    /// Protections that the kernel refuses are left out: the server reports those that it lacks.
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
