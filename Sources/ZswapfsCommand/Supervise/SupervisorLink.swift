import Glibc
import LinuxSystem
import SwapStore
import Synchronization
import SystemPackage

/// A server's end of the line to its supervisor.
///
///     waitForTurn ── nil: first ── mounts ── keep, announceReady ── serves ── announceEnd
///         └───── legacy: takes over ────────────────┘                 │ the supervisor died
///                                                            attach ──┘ to another one
///
/// Law: a server goes on without its supervisor; a standby does not. The kept descriptors are known
/// here as well, so that they can be given to another supervisor: they stay open until dropped.
final class SupervisorLink: Sendable {
    /// The name on which a server without a supervisor waits for one.
    static func orphanName(ofServer process: Int32) -> String { "zswapfs/supervise/\(process)" }

    private struct State {
        var channel: DescriptorChannel
        var isOpen = true
        var kept: [String: CInt] = [:]
    }

    /// Longest wait of a message for a supervisor that does not read, in milliseconds.
    private static let sendMilliseconds = 1000

    /// Between two calls of a standby's `refresh`.
    private static let refreshMilliseconds = 2000

    private let state: Mutex<State>

    /// Takes over the descriptor that this program was started with.
    convenience init(inherited descriptor: CInt) {
        self.init(DescriptorChannel(adopting: descriptor))
    }

    init(_ channel: DescriptorChannel) { state = Mutex(State(channel: channel)) }

    private var channel: DescriptorChannel { state.withLock { $0.channel } }

    /// Nil at once in the first server. A standby waits until the server before it has died; it
    /// calls `prepare` once with all descriptors there are, to warm up and to say why it could not
    /// take over, `refresh` every two seconds from then on, and ends the process when the
    /// supervisor has gone. Descriptors that were dropped are closed and not in the legacy.
    func waitForTurn(prepare: ([String: CInt]) -> String?, refresh: () -> Void) -> Legacy? {
        let channel = channel
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
                case .complete:
                    send(prepare(given.mapValues(\.number)).map { .refused($0) } ?? .fits)
                case .turn(let count, let time, let reason):
                    return Legacy(
                        descriptors: given.mapValues { $0.release() }, restartCount: count,
                        reason: reason, diedAtNanoseconds: time)
                case .standby, .ready, .ended, .fits, .upgrade, .upgraded, .refused, nil: continue
                }
            }
        }
    }

    /// Gives the supervisor a copy of a descriptor for the next server, in place of the one of that
    /// name. From any thread; waits for a moment at most. It stays open until it is dropped.
    func keep(_ descriptor: CInt, as name: String) {
        state.withLock { $0.kept[name] = descriptor }
        send(.keep(name), descriptor)
    }

    /// Says that the next server does not need the descriptor of this name. From any thread.
    func drop(_ name: String) {
        state.withLock { _ = $0.kept.removeValue(forKey: name) }
        send(.drop(name))
    }

    /// Notes what a predecessor gave to `keep`: the supervisor has it already.
    func note(_ descriptor: CInt, as name: String) {
        state.withLock { $0.kept[name] = descriptor }
    }

    /// Gives all that is kept to another supervisor and talks to that one from now on.
    func attach(to supervisor: DescriptorChannel) {
        let kept = state.withLock { state in
            state.channel = supervisor
            state.isOpen = true
            return state.kept
        }
        for (name, descriptor) in kept { send(.keep(name), descriptor) }
        announceReady()
    }

    /// The same two calls for the store.
    var heirloom: Heirloom {
        Heirloom(keep: { [self] in keep($0, as: $1) }, drop: { [self] in drop($0) })
    }

    /// Says that this server serves.
    func announceReady() { send(.ready) }

    /// Says that this server ends because the mount has gone.
    func announceEnd() { send(.ended) }

    /// True until the supervisor went.
    var isSupervised: Bool { state.withLock { $0.isOpen } }

    /// Notices that the supervisor went. Does not wait.
    func look() {
        while isSupervised {
            let channel = channel
            switch channel.receive() {
            case .packet: continue
            case .nothing: return
            case .end: close(channel)
            }
        }
    }

    private func close(_ channel: DescriptorChannel) {
        state.withLock { state in
            if state.channel === channel { state.isOpen = false }
        }
    }

    private func send(_ message: SupervisorMessage, _ descriptor: CInt = -1) {
        guard isSupervised else { return }
        let channel = channel
        do throws(SystemFailure) {
            try channel.send(
                message.bytes, passing: descriptor, waiting: Self.sendMilliseconds)
        } catch {
            // One that does not read for so long may be stopped, and goes on later.
            if error.errno == .resourceTemporarilyUnavailable { return }
            close(channel)
        }
    }
}
