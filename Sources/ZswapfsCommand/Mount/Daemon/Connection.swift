import FuseServer
import LinuxSystem
import Logging
import Maintenance
import SwapStore
import Threads
import ZswapCore

/// Mounts by the transport that was asked for: /dev/fuse, unless it is io_uring.
///
///     uring ── obstacle? ── no ──► mount with a ring ── requests come by it? ── yes ──► serves
///                 └─ yes ─► fails, says why                   └─ no ─► unmounts, fails, says why
///
/// Law: a transport that was named is used, or the mount fails.
struct Connection {
    private static let possibleProcessors = "/sys/devices/system/cpu/possible"

    let assembly: Assembly
    let path: String
    let logger: Logger
    let onRefusal: @Sendable (String) -> Void

    /// A server that is mounted and serves.
    func make(_ settings: MountSettings) throws(CommandFailure) -> FuseServer {
        let server = try connect(settings.transport)
        do throws(SystemFailure) {
            try setFlags(settings.flags)
        } catch {
            server.stop(at: path)
            let words = settings.flags.map(\.text).joined(separator: ",")
            throw CommandFailure(
                CommandFailure(error).status, "\(path): -o \(words): \(error.errno.name)")
        }
        return server
    }

    /// A server for the mount of one that died.
    func takeOver(_ legacy: Legacy) throws(CommandFailure) -> FuseServer {
        guard let descriptor = legacy.descriptors[Legacy.fuseName] else {
            throw CommandFailure(.unavailable, "\(path): its /dev/fuse was not handed over")
        }
        let store = assembly.store
        do {
            let server = try assembly.makeServer(
                .device, generation: store.predecessorCount, onRefusal: onRefusal,
                onEnd: SignalGate.wake)
            if let obstacle = try server.start(
                adopting: descriptor, handshake: store.handshake, after: legacy.early)
            {
                logger.error("\(path): \(obstacle.text)")
            }
            legacy.close(Legacy.fuseName)
            assembly.facts.set(
                transport: TransportKind.device.name, reason: TransportObstacle.standard.text)
            tell(of: legacy)
            // Areas that the predecessor unlinked and did not remove, while requests are served.
            if let worker = store.makeWorker() {
                store.removeUnheldAreas(by: worker)
                store.removeWorker(worker)
            }
            return server
        } catch {
            throw failure(error)
        }
    }

    /// Logs a take-over: its cause, the time without answers, and what the recovery found.
    private func tell(of legacy: Legacy) {
        let now = MonotonicClock.nanoseconds
        let unread = milliseconds((assembly.servedAtNanoseconds ?? now) - legacy.diedAtNanoseconds)
        let unwritten = milliseconds(now - legacy.diedAtNanoseconds)
        let pause = "\(unread) ms without a server, \(unwritten) ms until all was served"
        assembly.facts.set(
            restartCount: legacy.restartCount, lastRestart: "\(legacy.reason), \(pause)")
        guard let report = assembly.recovery else { return }
        let lost = "\(report.lostPageCount) pages and \(report.lostTableCount) tables lost"
        logger.notice(
            """
            \(path): took over after \(legacy.reason), \(pause); \
            \(legacy.early?.answeredCount ?? 0) reads answered before that; \
            \(report.pageCount) pages stored, \(lost), \
            \(report.reclaimedFrameCount) unclaimed frames freed
            """)
        if assembly.maintenance.endedWriteBack != nil {
            logger.warning(
                """
                \(path): the write-back that was asked for by params/writeback ended with the \
                former server; ask again for the rest
                """)
        }
    }

    private func milliseconds(_ nanoseconds: Int64) -> Double {
        (Double(nanoseconds) / 100_000).rounded() / 10
    }

    /// Flags that libfuse does not know.
    private func setFlags(_ flags: [MountFlags.Word]) throws(SystemFailure) {
        let late = flags.filter { !$0.isKnownToLibfuse }
        guard !late.isEmpty else { return }
        if let mount = try MountTable.current().entry(mountedAt: path) {
            try MountFlags.change(mount, by: late)
        }
    }

    private func connect(_ choice: TransportChoice) throws(CommandFailure) -> FuseServer {
        do {
            guard choice != .uring else { return try startByRing() }
            if RingSwitch.putBackLeftover() {
                logger.notice(
                    "\(RingSwitch.path): a mount that was killed left it on; it is off again")
            }
            return try startByDevice(because: choice == .dev ? .asked : .standard)
        } catch {
            throw failure(error)
        }
    }

    private func startByDevice(because obstacle: TransportObstacle) throws -> FuseServer {
        let server = try makeServer(.device)
        _ = try server.start(at: path)
        assembly.facts.set(transport: TransportKind.device.name, reason: obstacle.text)
        return server
    }

    /// Throws a ``TransportObstacle`` that was found before anything was mounted.
    private func startByRing() throws -> FuseServer {
        let possible = LinuxNumberList.count(try SystemText.attribute(Self.possibleProcessors))
        let places =
            Limits.workersMax - FuseServer.deviceThreadCount(Assembly.threadCount)
            - Assembly.helperCount
        if let obstacle = RingObstacle.find(
            possibleProcessorCount: possible, workersMax: places)
        {
            throw TransportObstacle.server(obstacle)
        }
        if let room = assembly.allowance.room, room.byteCount < FuseServer.ringByteCount {
            throw TransportObstacle.noRoom(room.group)
        }
        let ringSwitch = try Self.switchOn()
        defer { ringSwitch.putBack() }
        let server = try makeServer(.ring)
        guard let obstacle = try Self.start(server, at: path) else {
            assembly.facts.set(transport: TransportKind.ring.name, reason: Ring.summary)
            return server
        }
        server.stop(at: path)
        throw TransportObstacle.server(obstacle)
    }

    private static func start(
        _ server: FuseServer, at path: String
    ) throws -> RingObstacle? {
        do throws(MountError) {
            return try server.start(at: path)
        } catch .stuckRing {
            throw TransportObstacle.stuck
        }
    }

    private static func switchOn() throws(TransportObstacle) -> RingSwitch {
        do throws(SystemFailure) {
            if let ringSwitch = try RingSwitch() { return ringSwitch }
        } catch {
            throw .switchIsOff("\(error)")
        }
        throw .noSwitch
    }

    private func makeServer(_ kind: TransportKind) throws(MountError) -> FuseServer {
        try assembly.makeServer(kind, onRefusal: onRefusal, onEnd: SignalGate.wake)
    }

    /// libfuse has said on standard error what the kernel or fusermount3 refused.
    private func failure(_ error: any Error) -> CommandFailure {
        if let failure = error as? CommandFailure { return failure }
        if let obstacle = error as? TransportObstacle {
            return CommandFailure(.unavailable, "-o transport=uring: \(obstacle.text)")
        }
        if case .thread? = error as? MountError { return ResourceNeeds.noThread("to serve") }
        guard case .mount? = error as? MountError, !Privileges.includeSystemAdministration else {
            return CommandFailure(.failure, "cannot mount at \(path): \(error)")
        }
        return CommandFailure(
            .notPermitted, "\(path): may not be mounted at by this user; try again as root")
    }
}
