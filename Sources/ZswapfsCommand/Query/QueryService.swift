import ControlTree
import FuseServer
import Glibc
import LinuxSystem
import SystemPackage
import Threads
import ZswapCore

/// Answers questions about the control files of a mount on a socket, so that no command has to go
/// into the filesystem to learn that its daemon hangs.
///
///     init -> startIfNeeded, again and again until the name is free -> stop
///
/// Law: a thread of its own, that serves no page and that no serving thread waits for. It only
/// reads: values are written through the files. Called from the daemon's main thread.
/// Users who may read the control files may ask: every user with `allow_other`, else the user of
/// the mount; and root, who may look at everything else of it as well.
final class QueryService {
    /// The name of the socket of this filesystem's daemon.
    static func name(of device: DeviceNumber) -> String { "zswapfs/\(device)" }

    /// Whether some process has the name: then the daemon lives, even if it hangs.
    static func isAnswered(of device: DeviceNumber) -> Bool {
        do {
            _ = try LocalStream(connectingTo: name(of: device))
            return true
        } catch {
            return error.errno != .connectionRefused
        }
    }

    private static let threadName = "zswapfs-query"

    private let tree: ControlTree
    private let mountPoint: String
    private let allowsOthers: Bool
    private var running: (server: LocalServer, thread: BackgroundThread)?
    private var hasFailed = false

    /// For this tree, mounted here. Nothing is started yet.
    init(_ tree: ControlTree, at mountPoint: String, allowsOthers: Bool) {
        self.tree = tree
        self.mountPoint = mountPoint
        self.allowsOthers = allowsOthers
    }

    /// Starts answering, if the mount table lists the mount and this service does not run yet. A
    /// failure is returned the first time only. The name may be taken for a moment by a daemon that
    /// is ending, or for long by a process that has no right to: then commands read the control
    /// files instead.
    func startIfNeeded() -> SystemFailure? {
        guard running == nil, let table = try? MountTable.current() else { return nil }
        let mount = table.entries.last {
            ByteText($0.mountPoint) == ByteText(mountPoint) && $0.type == AreaPath.mountType
        }
        guard let mount else { return nil }
        do throws(SystemFailure) {
            try start(of: mount.device)
            return nil
        } catch {
            defer { hasFailed = true }
            return hasFailed ? nil : error
        }
    }

    /// Ends the thread. The name is free afterwards.
    func stop() {
        guard let (server, thread) = running else { return }
        thread.stop { server.stop() }
        running = nil
    }

    private func start(of device: DeviceNumber) throws(SystemFailure) {
        let server = try LocalServer(name: Self.name(of: device))
        let (tree, allowsOthers, owner) = (tree, allowsOthers, Privileges.userID)
        let thread = BackgroundThread(name: Self.threadName) { _ in
            server.serve(admits: { allowsOthers || $0 == 0 || $0 == owner }) { message in
                Self.answer(message, tree)
            }
        }
        guard thread.start() else {
            throw SystemFailure(
                call: "pthread_create", errno: .resourceTemporarilyUnavailable,
                path: Self.threadName)
        }
        running = (server, thread)
    }

    private static func answer(_ message: LocalMessage, _ tree: ControlTree) -> LocalMessage {
        guard tree.hasHeap else { return .refusal(ENOMEM) }
        guard let question = ControlQuestion(message) else { return .refusal(ENOSYS) }
        let path = ByteText(question.path)
        switch question.verb {
        case .loop: return .refusal(ENOSYS)
        case .list where question.path.isEmpty:
            return .answer(names: ControlTree.roots)
        case .list:
            guard tree.kind(of: path) == .directory else { return .refusal(ENOENT) }
            return .answer(names: tree.children(of: path))
        case .read:
            do {
                return LocalMessage(code: 0, body: Array(try tree.read(path).utf8))
            } catch {
                return .refusal(FuseServer.errno(of: error))
            }
        }
    }
}
