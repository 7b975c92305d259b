import Arena
import ArgumentParser
import Compressors
import FuseServer
import LinuxSystem
import Logging
import SwapStore
import ZPool

/// `zswapfs mount`: serves a new, empty store at a directory.
struct MountCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mount", abstract: "Mount a new, empty zswapfs.",
        discussion: """
            Returns when the mount serves; the daemon goes on in the background and writes to \
            syslog. What the areas hold lives in memory and ends with the mount. With supervise=on \
            the mount survives a daemon that is killed; else all of it ends with the daemon.
            """)

    /// Longest time that the kernel takes to end a killed server of many pages, with room to spare.
    private static let endMilliseconds = 10_000

    @Argument(help: "The directory to mount at.", completion: .directory)
    var mountPoint: String

    @Option(
        name: .customShort("o"),
        help: ArgumentHelp(
            """
            Options: any file of /params that can be written (zpool=zbud, chain=4…16), \
            allow_other, arena=SIZE (the most memory the store may take), \
            transport=auto|uring|dev (how requests come), supervise=on|off (whether another \
            daemon takes over from one that is killed), the kernel's noexec, suid, noatime and \
            the like. With remount: changes a mount that is there. May be repeated.
            """, valueName: "key=value,…"), completion: ParameterCompletion.mountOptions)
    var options: [String] = []

    @OptionGroup var running: DaemonOptions

    @Option(help: .private)
    var supervisorDescriptor: Int32?

    @Option(help: .private)
    var supervisorState: Int32?

    /// Called by ``ZswapfsMain`` in place of `run`, which could not be told the drivers.
    func run(zpools: ZpoolRegistry) throws {
        try reportingFailures {
            let settings = try MountSettings(options, parameterNames: ParameterOptions.names)
            guard !settings.isRemount else { return try Remount(settings, at: mountPoint).run() }
            if let supervisorState {
                return try supervisorProcess(mountPoint).resume(supervisorState)
            }
            if let supervisorDescriptor {
                let link = SupervisorLink(inherited: supervisorDescriptor)
                return try serveSupervised(settings, zpools, link)
            }
            if running.foreground, let kept = keptDescriptors(settings) {
                return try goOn(with: kept)
            }
            let path = try MountPoint.check(mountPoint)
            guard running.goesOn else {
                return try BackgroundCommand.start(commonArguments(path))
            }
            if settings.supervision.isOn { return try supervisorProcess(path).run(.mount) }
            try serve(settings, zpools, nil)
        }
    }

    /// Mounts, and serves until it is unmounted.
    private func serve(
        _ settings: MountSettings, _ zpools: ZpoolRegistry, _ link: SupervisorLink?
    ) throws {
        let path = try MountPoint.check(mountPoint)
        let claim = try MountPoint.claim(path)
        // Under the lock: another may have mounted here meanwhile.
        _ = try MountPoint.check(mountPoint)
        var daemon = try Daemon(
            settings: settings, zpools: zpools, path: path, level: running.logLevel.level,
            isBackground: isBackground, link: link)
        claim?.close()
        daemon.run()
    }

    /// A server of a supervised mount: the first one mounts, each other one waits and takes over.
    private func serveSupervised(
        _ settings: MountSettings, _ zpools: ZpoolRegistry, _ link: SupervisorLink
    ) throws {
        SignalGate.close()
        ProcessProtection.setName("zswapfs-standby")
        var mapping: StandbyMapping?
        var early: EarlyReads?
        let turn = link.waitForTurn { descriptors in
            early = EarlyReads()
            Protection.lockWhileWaiting()
            mapping = descriptors[StoreLegacy.arenaName].flatMap { StandbyMapping(of: $0) }
            let obstacle = SwapStore.obstacle(
                toTakingOver: mapping, zpools: zpools, compressors: .standard())
            return obstacle?.message
        } refresh: {
            mapping?.refresh()
        }
        guard var legacy = turn else {
            return try serve(settings, zpools, link)
        }
        legacy.mapping = mapping
        legacy.early = early
        SignalGate.forgetWaiting()
        var daemon = try Daemon(
            settings: settings, zpools: zpools, path: mountPoint, level: running.logLevel.level,
            isBackground: isBackground, link: link, legacy: legacy)
        daemon.run()
    }

    /// The descriptors that the service manager has kept of this mount after its processes died;
    /// nil when there are none. Descriptors of a mount that no longer exists are dropped.
    private func keptDescriptors(
        _ settings: MountSettings
    ) -> [(name: String, descriptor: PassedDescriptor)]? {
        let kept = ServiceManager.takeKept()
        guard !kept.isEmpty else { return nil }
        let names = Set(kept.map(\.name))
        let isThere = (try? MountedPath(mountPoint))?.mount != nil
        if settings.supervision.isOn, isThere,
            names.isSuperset(of: [Legacy.fuseName, StoreLegacy.arenaName])
        {
            return kept
        }
        let manager = ServiceManager()
        for name in names { manager?.drop(name) }
        return nil
    }

    /// Supervises a mount again whose supervisor has died: above its server, if that serves on,
    /// else with a new one.
    private func goOn(
        with kept: [(name: String, descriptor: PassedDescriptor)]
    ) throws {
        let mount = try MountChoice.mount(at: mountPoint)
        // Two servers of one mount would destroy what it holds.
        if let server = try orphan(of: mount) { return try server.supervise(running) }
        try supervisorProcess(mount.mountPoint).run(.kept(kept))
    }

    /// The server that serves on without a supervisor; nil if none is left. One that was killed
    /// has its socket until the kernel has freed its memory, so its end is waited for.
    private func orphan(of mount: MountTable.Entry) throws -> OrphanedServer? {
        guard QueryService.isAnswered(of: mount.device) else { return nil }
        do {
            return try OrphanedServer(try MountServer(of: mountPoint))
        } catch {
            let isGone = Patience.wait(milliseconds: Self.endMilliseconds) {
                !QueryService.isAnswered(of: mount.device)
            }
            guard isGone else { throw error }
            return nil
        }
    }

    private var isBackground: Bool { !running.foreground }

    /// The supervisor of servers that are this program again.
    private func supervisorProcess(_ path: String) -> SupervisorProcess {
        SupervisorProcess(
            arguments: commonArguments(path) + (running.foreground ? ["--foreground"] : []),
            level: running.logLevel.level, isBackground: isBackground)
    }

    private func commonArguments(_ path: String) -> [String] {
        ["mount", path] + running.words + options.flatMap { ["-o", $0] }
    }
}

/// The words of `--log-level`.
enum LogLevel: String, ExpressibleByArgument, CaseIterable {
    case debug, info, notice, warning, error

    static let words = allCases.map(\.rawValue).joined(separator: ", ")

    var level: Logger.Level {
        switch self {
        case .debug: .debug
        case .info: .info
        case .notice: .notice
        case .warning: .warning
        case .error: .error
        }
    }
}
