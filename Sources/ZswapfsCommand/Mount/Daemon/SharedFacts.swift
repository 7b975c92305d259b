import ControlTree
import Synchronization
import ZswapCore

/// The daemon's own values in the control files: known in part when the files are made, in full
/// when the mount serves.
final class SharedFacts: Sendable {
    private let facts: Mutex<ControlFacts>

    init(_ facts: ControlFacts) { self.facts = Mutex(facts) }

    var now: ControlFacts { facts.withLock { $0 } }

    func set(transport: String, reason: String) {
        facts.withLock { facts in
            facts.transport = transport
            facts.transportReason = reason
        }
    }

    func set(_ supervision: Supervision) {
        facts.withLock { facts in
            facts.supervision = supervision.word
            facts.supervisionReason = supervision.reason
        }
    }

    func set(restartCount: Int, lastRestart: String) {
        facts.withLock { facts in
            facts.restartCount = restartCount
            facts.lastRestart = lastRestart
        }
    }

    func set(protections: [String]) { facts.withLock { $0.protections = protections } }

    func set(devices: [AreaDevice]) { facts.withLock { $0.devices = devices } }
}
