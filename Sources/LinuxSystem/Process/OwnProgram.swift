import CLinux
import Glibc
import SystemPackage

/// This program again, as a child that answers over a socket: for what may never return. The child
/// is left alone when it does not answer; it ends as soon as what it waits for lets it, and until
/// then holds nothing of ours open.
public final class OwnProgram {
    /// The child's end of the socket.
    public static let descriptor: CInt = 3

    /// Our end.
    public let stream: LocalStream
    private let child: pid_t

    /// Starts the program with these arguments, with no input and no output but the socket.
    public init(_ arguments: [String]) throws(SystemFailure) {
        var ends: (CInt, CInt) = (-1, -1)
        let paired = withUnsafeMutableBytes(of: &ends) { clinux_socket_pair($0.baseAddress) }
        guard paired == 0 else { throw SystemFailure("socketpair", "") }
        stream = LocalStream(name: "child", descriptor: ends.0)
        defer { close(ends.1) }
        let streams = [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO]
        child = try SelfSpawn.start(
            arguments, passing: ends.1, as: Self.descriptor,
            silenced: streams.map { ($0, O_RDWR) })
    }

    deinit {
        kill(child, SIGKILL)
        // One that waits in the kernel is the system's to bury. Others take a moment to end.
        _ = Patience.wait(milliseconds: 200) { waitpid(child, nil, WNOHANG) != 0 }
    }
}
