import CLinux
import Glibc
import SystemPackage

/// A process and the line to it: a child, or one that was started by another supervisor.
///
///     start ── /proc/self/exe … ── line on descriptor 3 ──> child
///       └── pidfd: readable when all its threads have ended ── reap ──> how it ended
///
/// Law: signals go through the pidfd, so none reaches another process that has got its number. A
/// child that is not reaped when this is dropped is killed; a process of others is left alone.
public final class ProcessWatch {
    /// The child's end of the line.
    public static let lineDescriptor: CInt = 3

    /// The process.
    public let identifier: Int32
    /// Our end of the line.
    public let channel: DescriptorChannel
    /// Readable when the process has ended, for ``DescriptorWait``.
    public let descriptor: CInt
    private let isChild: Bool
    private var ending: ProcessEnding?

    /// Watches a child of this process that has the other end of the line.
    public init(
        _ identifier: Int32, channel: DescriptorChannel
    ) throws(SystemFailure) {
        self.identifier = identifier
        self.channel = channel
        isChild = true
        descriptor = clinux_open_process(identifier)
        guard descriptor < 0 else { return }
        let failure = SystemFailure("pidfd_open", "\(identifier)")
        Glibc.kill(identifier, SIGKILL)
        waitpid(identifier, nil, 0)
        ending = .unknown
        throw failure
    }

    /// Watches the process of others that is at the other end of the line. ESRCH: it has ended.
    public init(peerOf channel: DescriptorChannel) throws(SystemFailure) {
        identifier = try channel.peer().process
        self.channel = channel
        isChild = false
        descriptor = clinux_open_process(identifier)
        guard descriptor >= 0 else { throw SystemFailure("pidfd_open", "\(identifier)") }
        // While its end is open the number is still its own.
        guard !channel.isClosedByPeer else {
            throw SystemFailure(call: "pidfd_open", errno: .noSuchProcess, path: "\(identifier)")
        }
    }

    /// Starts this program with these arguments, or the open file `executable`, in a session of its
    /// own, with the line, this process's standard error and nothing else of ours open.
    public static func start(
        _ arguments: [String], executable: CInt? = nil
    ) throws(SystemFailure) -> ProcessWatch {
        let (ours, theirs) = try DescriptorChannel.makePair()
        let child = try SelfSpawn.start(
            arguments, executable: executable, passing: theirs.descriptor, as: lineDescriptor,
            silenced: [(STDIN_FILENO, O_RDONLY), (STDOUT_FILENO, O_WRONLY)])
        return try ProcessWatch(child, channel: ours)
    }

    deinit {
        if isChild, reap() == nil { kill() }
        if descriptor >= 0 { close(descriptor) }
    }

    /// The end of the process; nil while it runs.
    public func reap() -> ProcessEnding? {
        if let ending { return ending }
        guard isChild else {
            if DescriptorWait.readable([descriptor], milliseconds: 0) == [true] {
                ending = .unknown
            }
            return ending
        }
        var word: CInt = 0
        if waitpid(identifier, &word, WNOHANG) == identifier {
            ending = ProcessEnding(waitStatus: word)
        }
        return ending
    }

    /// Sends it a signal, unless it was reaped.
    public func signal(_ number: CInt) {
        if ending == nil { _ = clinux_signal_process(descriptor, number) }
    }

    /// Ends it at once and reaps it.
    public func kill() {
        signal(SIGKILL)
        while ending == nil {
            _ = DescriptorWait.readable([descriptor])
            _ = reap()
        }
    }
}
