import LinuxSystem
import SystemPackage
import ZswapCore

/// The reason why a mount did not answer a question.
enum QueryFailure: Error, Equatable {
    /// Its daemon took too long. The number of the process, if that is known.
    case noAnswer(mountPoint: String, process: Int32?)
    /// Its daemon has died.
    case died(mountPoint: String)
    /// It said no.
    case refused(SystemFailure)

    /// The file does not exist: it went since it was listed.
    var isNotFound: Bool {
        guard case .refused(let failure) = self else { return false }
        return failure.errno == .noSuchFileOrDirectory
    }
}

/// Reads a mount's control files without entering its filesystem: a request to a daemon that hangs
/// would never return, and could not be killed.
///
///     question ──> the daemon's socket ── none here, or another user's ──> a child of ours reads
///                        │                                                 the control files
///                        └── no answer in two seconds: noAnswer             └── noAnswer as well
///
/// Law: no call here waits longer than the patience, and no request of this process waits for the
/// mount. A child may; it holds nothing of ours open, and ends when the daemon goes on or the mount
/// is taken away.
final class MountQuery: MountAnswers {
    /// Longest time that a daemon may take for one answer.
    static let patience: Duration = .seconds(2)

    let mountPoint: String
    private let stream: LocalStream
    /// Asked in place of the daemon.
    private let reader: OwnProgram?
    /// The daemon; nil where its socket is not reached.
    let process: Int32?

    /// Asks whether the daemon answers. `confirm` waits for the answer, so that several mounts are
    /// asked at once.
    init(_ mount: MountTable.Entry) throws(QueryFailure) {
        mountPoint = mount.mountPoint
        let daemon: (LocalStream, Int32)?
        do {
            daemon = try Self.daemon(of: mount)
        } catch {
            throw Self.failure(error, mount.mountPoint, nil)
        }
        if let daemon {
            (stream, process) = daemon
            reader = nil
        } else {
            let reader: OwnProgram
            do {
                reader = try OwnProgram([ControlReaderCommand.name, mount.mountPoint])
            } catch {
                throw .refused(error)
            }
            (stream, process) = (reader.stream, nil)
            self.reader = reader
        }
        do {
            try stream.send(
                ControlQuestion(.list, "").message, by: .now.advanced(by: Self.patience))
        } catch {
            // One that may not ask is told so and left: the answer is there already.
            guard error.errno != .brokenPipe else { return }
            throw Self.failure(error, mountPoint, process)
        }
    }

    /// Waits until the mount has said that it is there. Before anything else is asked.
    func confirm(by deadline: ContinuousClock.Instant) throws(QueryFailure) {
        _ = try answer("", by: deadline)
    }

    /// The text of a control file, without the newline at its end.
    func text(_ path: String) throws(QueryFailure) -> String {
        let bytes = try ask(.read, path)
        return String(
            decoding: bytes.last == UInt8(ascii: "\n") ? bytes.dropLast() : bytes[...],
            as: UTF8.self)
    }

    /// The names in a directory of control files; none where the directory does not exist.
    func names(_ path: String) throws(QueryFailure) -> [String] {
        do {
            return ControlQuestion.names(in: try ask(.list, path))
        } catch {
            guard error.isNotFound else { throw error }
            return []
        }
    }

    /// Runs `body` in this process and reports its failure as the mount's.
    func locally<Value>(_ body: () throws(SystemFailure) -> Value) throws(QueryFailure) -> Value {
        do {
            return try body()
        } catch {
            throw .refused(error)
        }
    }

    private func ask(_ verb: ControlQuestion.Verb, _ path: String) throws(QueryFailure) -> [UInt8] {
        let deadline = ContinuousClock.now.advanced(by: Self.patience)
        do {
            try stream.send(ControlQuestion(verb, path).message, by: deadline)
        } catch {
            throw Self.failure(error, mountPoint, process)
        }
        return try answer(path, by: deadline)
    }

    private func answer(
        _ path: String, by deadline: ContinuousClock.Instant
    ) throws(QueryFailure) -> [UInt8] {
        let message: LocalMessage?
        do {
            message = try stream.receive(by: deadline)
        } catch {
            throw Self.failure(error, mountPoint, process)
        }
        guard let message else { throw .died(mountPoint: mountPoint) }
        guard message.code != 0 else { return message.body }
        let number = CInt(truncatingIfNeeded: message.code)
        throw Self.failure(
            SystemFailure(
                call: "read", errno: Errno(rawValue: number), path: "\(mountPoint)/\(path)"),
            mountPoint, process)
    }

    /// The daemon's socket; nil where there is none, or one that is not the mounting user's:
    /// any process can take a name.
    private static func daemon(
        of mount: MountTable.Entry
    ) throws(SystemFailure) -> (LocalStream, Int32)? {
        do {
            let stream = try LocalStream(connectingTo: QueryService.name(of: mount.device))
            let peer = try stream.peer()
            guard peer.userID == 0 || peer.userID == mount.userID else { return nil }
            return (stream, peer.process)
        } catch {
            // EWOULDBLOCK: its listen queue is full, so a daemon exists but does not answer.
            guard error.errno != .wouldBlock else { throw error }
            return nil
        }
    }

    private static func failure(
        _ failure: SystemFailure, _ mountPoint: String, _ process: Int32?
    ) -> QueryFailure {
        switch failure.errno {
        case .timedOut, .wouldBlock: .noAnswer(mountPoint: mountPoint, process: process)
        case .socketNotConnected, .connectionAbort, .connectionReset, .brokenPipe:
            .died(mountPoint: mountPoint)
        default: .refused(failure)
        }
    }
}

extension CommandFailure {
    /// The message about a mount whose daemon has died, with the command to type next.
    static func deadMount(_ mountPoint: String) -> String {
        """
        \(mountPoint): the daemon of this mount has died, and what it held is lost; programs end \
        with SIGBUS where they need pages that were swapped there. `zswapfs unmount \(mountPoint)` \
        clears it away, or says which swap has to be taken off before
        """
    }

    /// The failure of a command whose mount did not answer.
    init(_ failure: QueryFailure) {
        switch failure {
        case .refused(let failure): self.init(failure)
        case .died(let mountPoint):
            self.init(.failure, Self.deadMount(mountPoint))
        case .noAnswer(let mountPoint, let process):
            let isStopped = process.map { ProcessTable.isStopped($0) } ?? false
            let daemon = process.map { "the daemon (process \($0))" } ?? "the daemon"
            let advice = process.map { "; it is stopped, `kill -CONT \($0)` lets it go on" } ?? ""
            self.init(
                .failure,
                "\(mountPoint): \(daemon) does not answer" + (isStopped ? advice : ""))
        }
    }
}
