import Glibc
import LinuxSystem
import SwapStore
import Synchronization
import SystemPackage

/// A server's end of the line to its supervisor.
///
///     waitForTurn ── nil: first ── mounts ── keep, announceReady ── serves ── announceEnd
///         └───── legacy: takes over ────────────────┘
///
/// Law: a server goes on without its supervisor; a standby does not.
final class SupervisorLink: Sendable {
    /// How long a message may wait for a supervisor that does not read.
    private static let sendMilliseconds = 1000

    /// Between two calls of a standby's `refresh`.
    private static let refreshMilliseconds = 2000

    private let channel: DescriptorChannel
    private let isOpen = Atomic(true)

    /// Takes over the descriptor that this program was started with.
    convenience init(inherited descriptor: CInt) {
        self.init(DescriptorChannel(adopting: descriptor))
    }

    init(_ channel: DescriptorChannel) { self.channel = channel }

    /// Nil at once in the first server. A standby waits until the server before it has died; it
    /// calls `prepare` once with all descriptors there are, to warm up, `refresh` every two seconds
    /// from then on, and ends the process when the supervisor has gone. Descriptors that were
    /// dropped are closed and not in the legacy.
    func waitForTurn(prepare: ([String: CInt]) -> Void, refresh: () -> Void) -> Legacy? {
        var given: [String: PassedDescriptor] = [:]
        while true {
            _ = DescriptorWait.readable(
                [channel.descriptor], milliseconds: Self.refreshMilliseconds)
            switch channel.receive() {
            case .nothing: refresh()
            case .end: exit(ExitStatus.unavailable.rawValue)
            case .packet(let bytes, let descriptor):
                switch SupervisorMessage(bytes) {
                case .first: return nil
                case .keep(let name): given[name] = descriptor
                case .drop(let name): given[name] = nil
                case .complete: prepare(given.mapValues(\.number))
                case .turn(let count, let time, let reason):
                    return Legacy(
                        descriptors: given.mapValues { $0.release() }, restartCount: count,
                        reason: reason, diedAtNanoseconds: time)
                case .standby, .ready, .ended, nil: continue
                }
            }
        }
    }

    /// Gives the supervisor a copy of a descriptor for the next server, in place of what had that
    /// name. From any thread; waits for a moment at most.
    func keep(_ descriptor: CInt, as name: String) { send(.keep(name), descriptor) }

    /// Says that the next server needs no such descriptor. From any thread.
    func drop(_ name: String) { send(.drop(name)) }

    /// The same two calls for the store.
    var heirloom: Heirloom {
        Heirloom(keep: { [self] in keep($0, as: $1) }, drop: { [self] in drop($0) })
    }

    /// Says that this server serves.
    func announceReady() { send(.ready) }

    /// Says that this server ends because the mount has gone.
    func announceEnd() { send(.ended) }

    /// True until the supervisor went.
    var isSupervised: Bool { isOpen.load(ordering: .relaxed) }

    /// Notices that the supervisor went. Does not wait.
    func look() {
        while isSupervised {
            switch channel.receive() {
            case .packet: continue
            case .nothing: return
            case .end: isOpen.store(false, ordering: .relaxed)
            }
        }
    }

    private func send(_ message: SupervisorMessage, _ descriptor: CInt = -1) {
        guard isSupervised else { return }
        do throws(SystemFailure) {
            try channel.send(
                message.bytes, passing: descriptor, waiting: Self.sendMilliseconds)
        } catch {
            // One that does not read for so long may be stopped, and goes on later.
            if error.errno == .resourceTemporarilyUnavailable { return }
            isOpen.store(false, ordering: .relaxed)
        }
    }
}
