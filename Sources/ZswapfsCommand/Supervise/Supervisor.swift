import LinuxSystem
import Logging
import Threads

/// Keeps a mount served: starts its server, holds the server's descriptors, and gives them to the
/// next server when this one dies.
///
///     server ── keep, drop, ready, ended ──> supervisor ── the same descriptors ──> standby
///        └── dies ── reaped ── "turn" ──────────────────────────────────────────────> server
///
/// Laws: one thread; a standby has its turn after all threads of the server before it have ended;
/// what a server sends is checked, and what makes no sense is ignored.
/// Cost: a process that sleeps.
final class Supervisor {
    /// Starts a server, the first or one that waits, with a line to this process.
    typealias Launch = () throws(SystemFailure) -> ProcessWatch

    /// Before the next try when no process can be started.
    private static let retryNanoseconds: Int64 = 1_000_000_000

    private let launch: Launch
    private let logger: Logger
    private let onReady: () -> Void
    private let signals: SignalQueue?
    private var server: ProcessWatch
    private var isServerLineOpen = true
    private var standby: ProcessWatch?
    private var kept = KeptDescriptors()
    private var wasEverReady = false
    private var hasSaidEnd = false
    private var hasRefused = false
    private var restartCount = 0
    private var restartLimit = RestartLimit()
    private var standbyLimit = RestartLimit()
    /// A server that died and has no successor yet.
    private var death: (reason: String, nanoseconds: Int64)?
    /// When to replace it.
    private var restartMoment: Int64 = 0
    /// When to start the next standby; nil: there is one, or it is too early for one.
    private var standbyMoment: Int64?

    /// Starts the first server. `onReady` is called once, when it serves. Signals that ask to stop
    /// go to the server, which decides.
    init(
        signals: SignalQueue?, logger: Logger, onReady: @escaping () -> Void,
        launch: @escaping Launch
    ) throws(SystemFailure) {
        self.launch = launch
        self.logger = logger
        self.onReady = onReady
        self.signals = signals
        server = try launch()
        try server.channel.send(SupervisorMessage.first.bytes)
    }

    /// Supervises until a server has ended cleanly, or the first one before it was ready. Returns
    /// its exit status; no child is left.
    func run() -> Int32 {
        while true {
            let ready = DescriptorWait.readable(
                [
                    signals?.descriptor ?? -1, death == nil ? server.descriptor : -1,
                    isServerLineOpen ? server.channel.descriptor : -1,
                    standby?.descriptor ?? -1, standby?.channel.descriptor ?? -1,
                ], milliseconds: millisecondsToWait)
            signals?.drain(forward)
            // What it said last is read before its end is looked at.
            if ready[2] || ready[1] { readServer() }
            if ready[1], let ending = server.reap() {
                if let status = serverEnded(ending) { return status }
            }
            if ready[3] || ready[4] { readStandby() }
            let now = MonotonicClock.nanoseconds
            if death != nil, restartMoment <= now { replaceServer() }
            if let moment = standbyMoment, moment <= now { startStandby() }
        }
    }

    private var millisecondsToWait: Int? {
        let moments = [death == nil ? nil : restartMoment, standbyMoment].compactMap { $0 }
        guard let next = moments.min() else { return nil }
        return Int(max(next - MonotonicClock.nanoseconds, 0) / 1_000_000) + 1
    }

    private func forward(_ signal: Int32) {
        guard death == nil else {
            return logger.error("signal \(signal) refused: no server runs now to take it")
        }
        server.signal(signal)
    }

    // MARK: - What servers say

    private func readServer() {
        while isServerLineOpen {
            switch server.channel.receive() {
            case .nothing: return
            case .end: isServerLineOpen = false
            case .packet(let bytes, let descriptor):
                if let message = SupervisorMessage(bytes) { take(message, descriptor) }
            }
        }
    }

    private func take(_ message: SupervisorMessage, _ descriptor: PassedDescriptor?) {
        switch message {
        case .ready: serverIsReady()
        case .ended: hasSaidEnd = true
        case .keep(let name):
            guard let descriptor else { return }
            guard kept.keep(descriptor, as: name) else {
                if !hasRefused {
                    logger.error(
                        """
                        a server wants more than \(KeptDescriptors.countMax) descriptors kept; \
                        \(name) would be lost if it died
                        """)
                }
                hasRefused = true
                return
            }
            tellStandby(message, descriptor)
        case .drop(let name): if kept.drop(name) { tellStandby(message) }
        case .first, .standby, .complete, .turn: return
        }
    }

    private func serverIsReady() {
        if !wasEverReady { onReady() }
        wasEverReady = true
        if standby == nil, standbyMoment == nil { standbyMoment = MonotonicClock.nanoseconds }
    }

    // MARK: - The end of a server

    /// The supervisor's own status, if this was the end.
    private func serverEnded(_ ending: ProcessEnding) -> Int32? {
        guard wasEverReady, !hasSaidEnd else {
            standby?.kill()
            standby = nil
            return ending.status
        }
        let now = MonotonicClock.nanoseconds
        death = (ending.text, now)
        restartMoment = restartLimit.restart(after: now)
        // Whoever gets the turn says for itself that it is ready.
        standbyMoment = nil
        let pause = restartMoment > now ? "; it died often, so the next one starts later" : ""
        logger.error("the server \(server.identifier) ended by \(ending.text)\(pause)")
        return nil
    }

    private func replaceServer() {
        guard let death else { return }
        do throws(SystemFailure) {
            server = try successor(by: turn(after: death))
        } catch {
            logger.error("no server can be started, and is tried again: \(error)")
            restartMoment = MonotonicClock.nanoseconds + Self.retryNanoseconds
            return
        }
        restartCount += 1
        isServerLineOpen = true
        self.death = nil
        logger.notice("the server is process \(server.identifier) from now on")
    }

    /// A server that has been told that it is its turn: the standby, or a new one.
    private func successor(by turn: [UInt8]) throws(SystemFailure) -> ProcessWatch {
        if let waiting = standby {
            standby = nil
            // One that died while it waited takes no message.
            if (try? waiting.channel.send(turn)) != nil { return waiting }
            waiting.kill()
        }
        let new = try makeStandby()
        try new.channel.send(turn)
        return new
    }

    private func turn(after death: (reason: String, nanoseconds: Int64)) -> [UInt8] {
        SupervisorMessage.turn(
            restartCount: restartCount + 1, diedAtNanoseconds: death.nanoseconds,
            reason: death.reason
        ).bytes
    }

    // MARK: - The standby

    private func startStandby() {
        standbyMoment = nil
        do throws(SystemFailure) {
            standby = try makeStandby()
        } catch {
            logger.warning("no standby can be started, and is tried again: \(error)")
            standbyMoment = MonotonicClock.nanoseconds + Self.retryNanoseconds
        }
    }

    /// A process that waits for its turn and has all descriptors.
    private func makeStandby() throws(SystemFailure) -> ProcessWatch {
        let process = try launch()
        try process.channel.send(SupervisorMessage.standby.bytes)
        for (name, descriptor) in kept.entries {
            try process.channel.send(
                SupervisorMessage.keep(name).bytes, passing: descriptor.number)
        }
        try process.channel.send(SupervisorMessage.complete.bytes)
        return process
    }

    private func tellStandby(_ message: SupervisorMessage, _ descriptor: PassedDescriptor? = nil) {
        guard let standby else { return }
        do throws(SystemFailure) {
            try standby.channel.send(message.bytes, passing: descriptor?.number ?? -1)
        } catch {
            // One that does not read is of no use; the next one is given all there is.
            standby.kill()
            loseStandby()
        }
    }

    /// A standby has nothing to say; it is only noticed when it has ended.
    private func readStandby() {
        guard let standby else { return }
        while true {
            switch standby.channel.receive() {
            case .packet: continue
            case .nothing:
                if standby.reap() != nil { loseStandby() }
            case .end:
                standby.kill()
                loseStandby()
            }
            return
        }
    }

    private func loseStandby() {
        guard let lost = standby, let ending = lost.reap() else { return }
        standby = nil
        logger.warning("the standby \(lost.identifier) ended by \(ending.text)")
        // With the server dead, its replacement starts one.
        guard death == nil else { return }
        standbyMoment = standbyLimit.restart(after: MonotonicClock.nanoseconds)
    }
}
