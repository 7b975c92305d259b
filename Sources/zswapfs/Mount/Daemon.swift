import Arena
import FuseServer
import LinuxSystem
import Logging
import SwapStore

/// The life of a mount: set up, serve, wait for a reason to end, take down.
///
///     mount ── serves ──┬── unmounted by somebody: ends
///                       └── SIGTERM, SIGINT, SIGHUP: in use? says so and goes on, else unmounts
///
/// Law: while an area is used by a loop device or as swap the daemon does not end by itself: that
/// would cost other programs their memory.
struct Daemon {
    /// Between two looks at draining pools.
    private static let idleSeconds = 1

    private let assembly: Assembly
    private let path: String
    private let logger: Logger
    private let isBackground: Bool
    private let messages: PendingMessages

    init(
        settings: MountSettings, path: String, level: Logger.Level, isBackground: Bool
    ) throws(CommandFailure) {
        SignalGate.close()
        self.path = path
        self.isBackground = isBackground
        logger = DaemonLog.make(isBackground: isBackground, level: level)
        let messages = PendingMessages()
        self.messages = messages
        assembly = try Assembly(
            settings, logger: logger,
            onRefusal: { message in
                messages.add(message)
                SignalGate.wake()
            }, onEnd: SignalGate.wake)
    }

    func run() throws(CommandFailure) {
        do {
            try assembly.server.mount(at: path)
            try assembly.server.start()
        } catch {
            assembly.server.unmount()
            assembly.server.waitUntilUnmounted()
            assembly.arena.stop()
            throw failure(error)
        }
        if isBackground { Background.announceReady() }
        logger.notice("\(summary)")
        serve()
        assembly.server.waitUntilUnmounted()
        assembly.arena.stop()
        logger.notice("\(path): unmounted")
    }

    /// libfuse has said on standard error what the kernel or fusermount3 refused.
    private func failure(_ error: MountError) -> CommandFailure {
        guard case .mount = error, !Privileges.includeSystemAdministration else {
            return CommandFailure(.failure, "cannot mount at \(path): \(error)")
        }
        return CommandFailure(
            .notPermitted, "\(path): may not be mounted at by this user; try again as root")
    }

    /// What this mount decided, in one line.
    private var summary: String {
        let on = assembly.protections.filter(\.isOn).map(\.name)
        let off = assembly.protections.filter { !$0.isOn }.map(\.text)
        let parts = [
            "zpool \(assembly.store.zpoolType)", "compressor \(assembly.store.compressorName)",
            "transport \(FuseServer.transportName)",
            "protections on: \(on.isEmpty ? "none" : on.joined(separator: ", "))",
        ]
        return "\(path): serves with " + (parts + off).joined(separator: "; ")
    }

    private func serve() {
        while !assembly.server.isFinished {
            if case .stop(let signal) = SignalGate.wait(seconds: Self.idleSeconds) {
                tryToStop(signal)
            }
            for message in messages.take() { logger.warning("refused: \(message)") }
            assembly.store.housekeep()
        }
    }

    private func tryToStop(_ signal: String) {
        do {
            let mounts = try MountTable.current()
            guard let mount = mounts.entries.last(where: { $0.mountPoint == path }) else {
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
