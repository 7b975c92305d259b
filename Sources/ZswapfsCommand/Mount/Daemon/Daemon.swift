import Arena
import ControlTree
import FuseServer
import Glibc
import LinuxSystem
import Logging
import SwapStore
import ZPool
import ZswapCore

/// The life of a mount: set up, serve, wait for a reason to end, take down.
///
///     mount ── serves ──┬── unmounted from outside: ends
///                       └── SIGTERM, INT, HUP, QUIT: in use? says so and goes on, else unmounts
///
/// Law: while an area is used by a loop device or as swap the daemon does not end by itself: that
/// would cost other programs their memory.
struct Daemon {
    /// Between two looks at messages from serving threads, in seconds. A thread with a message
    /// wakes the main thread earlier.
    private static let idleSeconds = 3
    /// Room in the heap for control files that are read and written while memory is short. Making
    /// an area asks for half of it in pieces; the rest is for what lasts and lies in between.
    private static let heapReserveByteCount = 4 * HeapReserve.standardByteCount

    private var assembly: Assembly
    private let server: FuseServer
    private let path: String
    private let logger: Logger
    private let messages: PendingMessages
    private var groupWatch: GroupWatch
    private let queries: QueryService
    private let link: SupervisorLink?
    /// Whether the supervisor has gone, and that was said.
    private var isAbandoned = false
    /// The listener for the next supervisor while ``isAbandoned``.
    private var orphanListener: DescriptorListener?

    /// Sets everything up and mounts; or serves the mount of a server that died, with what it left.
    init(
        settings: MountSettings, zpools: ZpoolRegistry, path: String, level: Logger.Level,
        isBackground: Bool, link: SupervisorLink?, legacy: Legacy? = nil
    ) throws(CommandFailure) {
        self.link = link
        SignalGate.close()
        CrashReport.install(usesLog: isBackground)
        ProcessProtection.setName("zswapfs")
        self.path = path
        let logger = DaemonLog.make(isBackground: isBackground, level: level)
        self.logger = logger
        let messages = PendingMessages()
        self.messages = messages
        let tell: @Sendable (String) -> Void = { message in
            messages.add(message)
            SignalGate.wake()
        }
        var assembly = try Assembly(
            settings, at: path, zpools: zpools, logger: logger, legacy: legacy?.store,
            heirloom: link?.heirloom, onTrouble: tell)
        if legacy == nil { link?.keep(assembly.arena.fileDescriptor, as: StoreLegacy.arenaName) }
        groupWatch = GroupWatch(assembly, logger)
        groupWatch.lookIfDue()
        let connection = Connection(
            assembly: assembly, path: path, logger: logger,
            onRefusal: { tell("refused: \($0)") })
        do {
            server = try legacy.map(connection.takeOver) ?? connection.make(settings)
        } catch {
            assembly.stop()
            throw CommandFailure(error)
        }
        if legacy != nil { assembly.lockMemoryLate() }
        self.assembly = assembly
        guard assembly.swapWatch.start(at: path) else {
            server.stop(at: path)
            assembly.stop()
            throw ResourceNeeds.noThread("to look at swap")
        }
        queries = QueryService(assembly.tree, at: path, allowsOthers: settings.allowsOthers)
        startQueries()
        // After everything else that allocates: small allocations from here on ask the kernel for
        // nothing, which may wait for reclaim, and reclaim for this daemon.
        if !HeapReserve.fill(byteCount: Self.heapReserveByteCount) {
            logger.warning("\(path): no memory for a reserve of the heap")
        }
        announceReady(isBackground: isBackground, isFirst: legacy == nil)
    }

    private func announceReady(isBackground: Bool, isFirst: Bool) {
        guard let link else {
            if isBackground { Background.announceReady() }
            ServiceManager()?.announceReady()
            return
        }
        if isFirst {
            assembly.store.handshake = server.handshake
        } else {
            // The supervisor has them; this process has to know what to give to another one.
            link.keep(assembly.arena.fileDescriptor, as: StoreLegacy.arenaName)
            assembly.store.bequeathBackings()
        }
        link.keep(server.descriptor, as: Legacy.fuseName)
        // The caller goes on when the supervisor is told.
        if isBackground { Background.letGo() }
        link.announceReady()
    }

    mutating func run() {
        logger.notice("\(summary)")
        serve()
        queries.stop()
        server.waitUntilUnmounted()
        assembly.stop()
        logger.notice("\(path): unmounted")
        link?.announceEnd()
    }

    /// The mount's decisions, as one line of the log.
    private var summary: String {
        let on = assembly.protections.filter(\.isOn).map(\.name)
        let off = assembly.protections.filter { !$0.isOn }.map(\.text)
        let parts = [
            "zpool \(assembly.store.zpoolType)", "compressor \(assembly.store.compressorName)",
            "transport \(assembly.facts.now.transport)", supervision,
            "protections on: \(on.isEmpty ? "none" : on.joined(separator: ", "))",
        ]
        return "\(path): serves with " + (parts + off).joined(separator: "; ")
    }

    private var supervision: String {
        let facts = assembly.facts.now
        return "\(facts.supervision): \(facts.supervisionReason)"
    }

    /// Says once that the supervisor has gone, and then waits for another one.
    private mutating func lookAtSupervisor() {
        guard let link else { return }
        link.look()
        // A message that could not be sent may have told so before.
        if !link.isSupervised, !isAbandoned {
            isAbandoned = true
            assembly.facts.set(.abandoned)
            logger.error("\(path): \(supervision)")
            do throws(SystemFailure) {
                orphanListener = try DescriptorListener(
                    name: SupervisorLink.orphanName(ofServer: getpid()))
            } catch {
                logger.error("\(path): no supervisor can be put above this daemon: \(error)")
            }
        }
        guard let supervisor = orphanListener?.accept() else { return }
        orphanListener = nil
        isAbandoned = false
        link.attach(to: supervisor)
        assembly.facts.set(.supervised)
        logger.notice("\(path): \(supervision)")
    }

    private mutating func serve() {
        while !server.isFinished {
            lookAtSupervisor()
            groupWatch.lookIfDue()
            startQueries()
            if case .stop(let signal) = SignalGate.wait(seconds: Self.idleSeconds) {
                tryToStop(signal)
            }
            for message in messages.take() { logger.warning("\(message)") }
            if let reason = server.takeReadFailure() {
                logger.error("\(path): reading /dev/fuse fails, and is tried again: \(reason)")
            }
        }
    }

    private func startQueries() {
        guard let failure = queries.startIfNeeded() else { return }
        logger.warning("\(path): status and pools read the control files: \(failure)")
    }

    private func tryToStop(_ signal: String) {
        do {
            let mounts = try MountTable.current()
            guard let mount = mounts.entry(mountedAt: path) else {
                return logger.error(
                    "\(signal) refused: another mount namespace still has \(path)"
                )
            }
            let users = try MountUsers(of: mount)
            guard users.lines.isEmpty else {
                let lines = users.lines.joined(separator: "; ")
                return logger.error("\(signal) refused, pages would be lost: \(lines)")
            }
            try UnmountCommand.unmount(mount)
        } catch {
            logger.error("\(signal) refused: \(CommandFailure(error).message)")
        }
    }
}
