import Arena
import Latency
import LinuxSystem

/// One measure that keeps the daemon from waiting for the memory it gives out, and whether it is
/// in effect.
struct Protection: Equatable {
    let name: String
    /// The reason why it is off; nil: it is on.
    let obstacle: String?

    var isOn: Bool { obstacle == nil }
    var text: String { obstacle.map { "\(name): off (\($0))" } ?? "\(name): on" }

    /// Applies the protections that threads inherit. Called before the first thread starts.
    static func applyBeforeThreads() -> [Protection] {
        ProcessProtection.settleHeap()
        return [
            attempt("I/O flusher") { () throws(SystemFailure) in
                try ProcessProtection.setFlusher()
            },
            attempt("no out-of-memory kill") { () throws(SystemFailure) in
                try ProcessProtection.forbidOutOfMemoryKill()
            },
        ]
    }

    /// Locks all memory: the arena's frames as they are committed, everything else now and from now
    /// on.
    static func lockMemory(_ arena: Arena, within allowance: MemoryAllowance) -> Protection {
        let name = "memory locked"
        let absent = try? ProcessProtection.absentByteCount(sparse: [arena.mappingStart])
        guard allowance.hasRoom(forByteCount: absent ?? 0) else {
            return Protection(name: name, obstacle: "no room in the memory group")
        }
        return attempt(name) { () throws(SystemFailure) in
            try ProcessProtection.lockMemory(sparse: [arena.mappingStart])
        }
    }

    /// Brings a standby's own memory in and keeps it there: when it is needed, the swap that it
    /// could be in has no server. Mappings to come are not locked, since the arena's is sparse.
    static func lockWhileWaiting() {
        let absent = try? ProcessProtection.absentByteCount(sparse: [])
        guard MemoryAllowance().hasRoom(forByteCount: absent ?? 0) else { return }
        // Without the privilege it waits unlocked, as the server says of itself.
        try? ProcessProtection.lockMemory(sparse: [], andFuture: false)
    }

    /// A line if processors cannot be kept awake while faults are served. If they can,
    /// `stats/latency` says when they are.
    static func missing(_ latency: LatencyControl) -> [Protection] {
        guard let obstacle = latency.obstacle else { return [] }
        return [Protection(name: "processors kept awake", obstacle: obstacle)]
    }

    private static func attempt(
        _ name: String, _ step: () throws(SystemFailure) -> Void
    ) -> Protection {
        do throws(SystemFailure) {
            try step()
            return Protection(name: name, obstacle: nil)
        } catch {
            return Protection(name: name, obstacle: "\(error.call): \(error.errno.name)")
        }
    }
}
