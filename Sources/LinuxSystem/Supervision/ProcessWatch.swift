import CLinux
import Glibc
import SystemPackage

/// A child process and the line to it.
///
///     start ── /proc/self/exe … ── line on descriptor 3 ──> child
///       └── pidfd: readable when all its threads have ended ── reap ──> how it ended
///
/// Law: its number belongs to it until it is reaped, so no signal reaches another process. A child
/// that is not reaped when this is dropped is killed.
public final class ProcessWatch {
    /// The child's end of the line.
    public static let lineDescriptor: CInt = 3

    /// The process.
    public let identifier: Int32
    /// Our end of the line.
    public let channel: DescriptorChannel
    /// Readable when the process has ended, for ``DescriptorWait``.
    public let descriptor: CInt
    private var ending: ProcessEnding?

    /// Watches a child of this process that has the other end of the line.
    public init(
        _ identifier: Int32, channel: DescriptorChannel
    ) throws(SystemFailure) {
        self.identifier = identifier
        self.channel = channel
        descriptor = clinux_open_process(identifier)
        guard descriptor < 0 else { return }
        let failure = SystemFailure("pidfd_open", "\(identifier)")
        Glibc.kill(identifier, SIGKILL)
        waitpid(identifier, nil, 0)
        throw failure
    }

    /// Starts this program with these arguments, in a session of its own, with the line, this
    /// process's standard error and nothing else of ours open.
    public static func start(_ arguments: [String]) throws(SystemFailure) -> ProcessWatch {
        let (ours, theirs) = try DescriptorChannel.makePair()
        let child = try SelfSpawn.start(
            arguments, passing: theirs.descriptor, as: lineDescriptor,
            silenced: [(STDIN_FILENO, O_RDONLY), (STDOUT_FILENO, O_WRONLY)])
        return try ProcessWatch(child, channel: ours)
    }

    deinit {
        if reap() == nil { kill() }
        close(descriptor)
    }

    /// How it ended; nil while it runs.
    public func reap() -> ProcessEnding? {
        if let ending { return ending }
        var word: CInt = 0
        if waitpid(identifier, &word, WNOHANG) == identifier {
            ending = ProcessEnding(waitStatus: word)
        }
        return ending
    }

    /// Sends it a signal, unless it was reaped.
    public func signal(_ number: CInt) {
        if ending == nil { Glibc.kill(identifier, number) }
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
