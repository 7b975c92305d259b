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
    /// Starts a server, the first or one that waits, with a line to this process: of this program,
    /// or of the open file.
    typealias Launch = (PassedDescriptor?) throws(SystemFailure) -> ProcessWatch

    /// The state of the mount when the supervisor starts.
    enum Beginning {
        /// Nothing: the first server mounts.
        case mount
        /// A server that has lost its supervisor and tells what is kept; how many before it died.
        case orphan(ProcessWatch, restartCount: Int)
        /// The descriptors that this same process kept before it became this program.
        case upgraded(
            ProcessWatch, restartCount: Int,
            kept: [(name: String, descriptor: PassedDescriptor)])
        /// The service manager's descriptors, by name, of a mount whose processes have all died.
        case kept([(name: String, descriptor: PassedDescriptor)])
    }

    /// The cause and the time of a server's death, by CLOCK_MONOTONIC.
    typealias Death = (reason: String, nanoseconds: Int64)

    /// Before the next try when no process can be started.
    static let retryNanoseconds: Int64 = 1_000_000_000

    let logger: Logger
    let launch: Launch
    private let onReady: () -> Void
    private let signals: SignalQueue?
    private(set) var server: ProcessWatch
    private var isServerLineOpen = true
    /// The program of the next server; nil: this one.
    var program: PassedDescriptor?
    var standby: ProcessWatch? { didSet { standbyFits = false } }
    /// Whether the standby has said that it is prepared.
    var standbyFits = false
    private(set) var kept = KeptDescriptors()
    private var wasEverReady = false
    private var hasSaidEnd = false
    private var hasRefused = false
    private(set) var restartCount = 0
    private var restartLimit = RestartLimit()
    var standbyLimit = RestartLimit()
    /// A server that died and has no successor yet.
    private(set) var death: Death?
    /// The time to replace it.
    private var restartMoment: Int64 = 0
    /// The time to start the next standby; nil: there is one, or it is too early for one.
    var standbyMoment: Int64?
    /// The listener for commands that ask for an upgrade.
    var listener: DescriptorListener?
    /// A command that has connected and not asked yet.
    var asking: DescriptorChannel?
    var upgrade: Upgrade?
    /// Keeps the same descriptors for the case that this process dies, too.
    var manager: ServiceManager?
    /// Becomes another program; returns if that fails.
    var become: (PassedDescriptor, SupervisorState) -> Void = { _, _ in }

    /// Starts the first server, or goes on with what there is. `onReady` is called once, when it
    /// serves. Signals that ask to stop go to the server, which decides.
    init(
        _ beginning: Beginning, signals: SignalQueue?, logger: Logger,
        onReady: @escaping () -> Void, launch: @escaping Launch
    ) throws(SystemFailure) {
        self.launch = launch
        self.logger = logger
        self.onReady = onReady
        self.signals = signals
        switch beginning {
        case .mount:
            server = try launch(nil)
            try server.channel.send(SupervisorMessage.first.bytes)
        case .orphan(let orphan, let count):
            server = orphan
            restartCount = count
        case .upgraded(let child, let count, let entries):
            server = child
            restartCount = count
            keep(entries)
            wasEverReady = true
            standbyMoment = MonotonicClock.nanoseconds
            listen()
        case .kept(let entries):
            server = try launch(nil)
            keep(entries)
            restartCount = 1
            try prepare(server)
            let death = ("the death of its supervisor", MonotonicClock.nanoseconds)
            try server.channel.send(Self.turn(restartCount, after: death))
        }
    }

    private func keep(_ entries: [(name: String, descriptor: PassedDescriptor)]) {
        for entry in entries { _ = kept.keep(entry.descriptor, as: entry.name) }
    }

    /// Supervises until a server has ended cleanly, or the first one before it was ready. Returns
    /// its exit status; no child is left.
    func run() -> Int32 {
        while true {
            let candidate = upgrade?.candidate
            let ready = DescriptorWait.readable(
                [
                    signals?.descriptor, death == nil ? server.descriptor : nil,
                    isServerLineOpen ? server.channel.descriptor : nil,
                    standby?.descriptor, standby?.channel.descriptor,
                    candidate?.descriptor, candidate?.channel.descriptor,
                    listener?.descriptor, asking?.descriptor,
                ].map { $0 ?? -1 }, milliseconds: millisecondsToWait)
            signals?.drain(forward)
            // What it said last is read before its end is looked at.
            if ready[2] || ready[1] { readServer() }
            if ready[1], let ending = server.reap() {
                if let status = serverEnded(ending) { return status }
            }
            if ready[3] || ready[4] { readStandby() }
            if ready[5] || ready[6] { readCandidate() }
            if ready[7] { acceptRequest() }
            if ready[8] { readRequest() }
            let now = MonotonicClock.nanoseconds
            if death != nil, restartMoment <= now { replaceServer() }
            if let moment = standbyMoment, moment <= now { startStandby() }
            continueUpgrade(now)
        }
    }

    private var millisecondsToWait: Int? {
        let moments = [death == nil ? nil : restartMoment, standbyMoment, upgrade?.deadline]
        guard let next = moments.compactMap({ $0 }).min() else { return nil }
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
            manager?.keep(descriptor.number, as: name)
            tellStandby(message, descriptor)
        case .drop(let name):
            guard kept.drop(name) else { return }
            manager?.drop(name)
            tellStandby(message)
        case .first, .standby, .complete, .turn, .fits, .upgrade, .upgraded, .refused: return
        }
    }

    private func serverIsReady() {
        if !wasEverReady { onReady() }
        wasEverReady = true
        if upgrade?.isOnTrial == true { upgrade?.enter(.onTrial(isReady: true)) }
        listen()
        if standby == nil, standbyMoment == nil { standbyMoment = MonotonicClock.nanoseconds }
    }

    // MARK: - The end of a server

    /// The supervisor's own status, if this was the end.
    private func serverEnded(_ ending: ProcessEnding) -> Int32? {
        guard wasEverReady, !hasSaidEnd else {
            standby = nil
            for entry in kept.entries { manager?.drop(entry.name) }
            failUpgrade("the mount has ended")
            return ending.status
        }
        let now = MonotonicClock.nanoseconds
        guard upgrade?.stage != .handingOver else {
            death = ("an upgrade", now)
            restartMoment = now
            return nil
        }
        if upgrade?.isOnTrial == true { failUpgrade("it ended by \(ending.text) when it served") }
        death = (ending.text, now)
        restartMoment = restartLimit.restart(after: now)
        // The next server reports itself that it is ready.
        standbyMoment = nil
        let pause = restartMoment > now ? "; it died often, so the next one starts later" : ""
        logger.error("the server \(server.identifier) ended by \(ending.text)\(pause)")
        return nil
    }

    private func replaceServer() {
        guard let death else { return }
        let count = upgrade?.stage == .handingOver ? restartCount : restartCount + 1
        do throws(SystemFailure) {
            server = try successor(by: Self.turn(count, after: death))
        } catch {
            logger.error("no server can be started, and is tried again: \(error)")
            restartMoment = MonotonicClock.nanoseconds + Self.retryNanoseconds
            return
        }
        restartCount = count
        isServerLineOpen = true
        self.death = nil
        logger.notice("the server is process \(server.identifier) from now on")
    }

    private static func turn(_ restartCount: Int, after death: Death) -> [UInt8] {
        SupervisorMessage.turn(
            restartCount: restartCount, diedAtNanoseconds: death.nanoseconds,
            reason: death.reason
        ).bytes
    }
}
