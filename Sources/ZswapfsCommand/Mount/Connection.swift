import FuseServer
import LinuxSystem
import Logging
import ZswapCore

/// Mounts by the transport that was asked for, or by the best that can be had.
///
///     auto ── obstacle? ── no ──► mount with a ring ── requests come by it? ── yes ──► serves
///                └─ yes ─► mount without, say why           └─ no ─► serves by /dev/fuse, says why
///
/// Law: a mount that was seen stays: one whose ring the kernel refuses goes on by /dev/fuse, which
/// it has beside the ring anyway.
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
            server.stop()
            let words = settings.flags.map(\.text).joined(separator: ",")
            throw CommandFailure(
                CommandFailure(error).status, "\(path): -o \(words): \(error.errno.name)")
        }
        return server
    }

    /// Flags that libfuse does not know.
    private func setFlags(_ flags: [MountFlags.Word]) throws(SystemFailure) {
        let late = flags.filter { !$0.isKnownToLibfuse }
        guard !late.isEmpty else { return }
        let mount = try MountTable.current().entries.last {
            ByteText($0.mountPoint) == ByteText(path)
        }
        if let mount { try MountFlags.change(mount, by: late) }
    }

    private func connect(_ choice: TransportChoice) throws(CommandFailure) -> FuseServer {
        do {
            guard choice != .dev else {
                if RingSwitch.putBackLeftover() {
                    logger.notice(
                        "\(RingSwitch.path): a mount that was killed left it on; it is off again")
                }
                return try startByDevice(because: .asked)
            }
            do {
                return try startByRing(choice)
            } catch let obstacle as TransportObstacle {
                try report(obstacle, choice)
                return try startByDevice(because: obstacle)
            }
        } catch {
            throw failure(error)
        }
    }

    /// One clear line where another way will do, a failure where it was excluded.
    private func report(
        _ obstacle: TransportObstacle, _ choice: TransportChoice
    ) throws(CommandFailure) {
        guard choice == .auto else {
            throw CommandFailure(
                .unavailable, "-o transport=\(choice.rawValue): \(obstacle.text)")
        }
        logger.warning("serving by /dev/fuse, not by io_uring: \(obstacle.text)")
    }

    private func startByDevice(because obstacle: TransportObstacle) throws -> FuseServer {
        let server = try makeServer(.device)
        _ = try server.start(at: path)
        tellDevice(because: obstacle)
        return server
    }

    /// Throws a ``TransportObstacle`` that was found before anything was mounted.
    private func startByRing(_ choice: TransportChoice) throws -> FuseServer {
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
        do {
            try report(.server(obstacle), choice)
        } catch {
            server.stop()
            throw error
        }
        tellDevice(because: .server(obstacle))
        return server
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

    private func tellDevice(because obstacle: TransportObstacle) {
        assembly.facts.set(transport: TransportKind.device.name, reason: obstacle.text)
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
        guard case .mount? = error as? MountError, !Privileges.includeSystemAdministration else {
            return CommandFailure(.failure, "cannot mount at \(path): \(error)")
        }
        return CommandFailure(
            .notPermitted, "\(path): may not be mounted at by this user; try again as root")
    }
}
