import LinuxSystem
import Threads

/// A new version on its way to take over from a healthy server.
///
///     asked ─► preparing ── fits ─► prepared ─ a standby of the old version ─► handing over
///                  └─ refuses, ends, is late:                                       │ the turn
///                     nothing has changed                                       on trial
///              old standby takes over ◄── ends, is late ──────────────────────────┘ └─ lived: done
///
/// Law: until the new version has served for ``trialNanoseconds``, a standby of the old one waits
/// for its turn. Each stage ends by its deadline.
/// Cost: a process more until it is decided.
struct Upgrade {
    enum Stage: Equatable {
        /// The candidate starts, maps what there is and says whether it fits.
        case preparing
        /// It fits. A standby of the old version is waited for.
        case prepared
        /// The old server was ended, and the candidate has its turn next.
        case handingOver
        /// The candidate is the server.
        case onTrial(isReady: Bool)
    }

    /// Time that the new version has to serve before the old one goes.
    static let trialNanoseconds: Int64 = 1_000_000_000
    /// Longest time for each of the other stages.
    static let stageNanoseconds: Int64 = 30_000_000_000

    /// The command that asked.
    let client: DescriptorChannel
    /// The new program.
    let program: PassedDescriptor
    private(set) var stage = Stage.preparing
    private(set) var deadline = MonotonicClock.nanoseconds + Self.stageNanoseconds
    /// Until it is the server.
    var candidate: ProcessWatch?

    init(_ client: DescriptorChannel, _ program: PassedDescriptor, _ candidate: ProcessWatch) {
        self.client = client
        self.program = program
        self.candidate = candidate
    }

    mutating func enter(_ stage: Stage) {
        self.stage = stage
        let time =
            stage == .onTrial(isReady: true) ? Self.trialNanoseconds : Self.stageNanoseconds
        deadline = MonotonicClock.nanoseconds + time
    }

    /// Whether the candidate is the server, on trial.
    var isOnTrial: Bool {
        if case .onTrial = stage { return true }
        return false
    }

    /// Sends the outcome to the command, if it still waits.
    func tell(_ message: SupervisorMessage) { try? client.send(message.bytes) }
}
