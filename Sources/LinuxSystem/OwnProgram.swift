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
        child = try Self.spawn(arguments, end: ends.1)
    }

    deinit {
        kill(child, SIGKILL)
        // One that waits in the kernel is the system's to bury.
        waitpid(child, nil, WNOHANG)
    }

    private static func spawn(_ arguments: [String], end: CInt) throws(SystemFailure) -> pid_t {
        let program = "/proc/self/exe"
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for stream in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] {
            posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_RDWR, 0)
        }
        posix_spawn_file_actions_adddup2(&actions, end, descriptor)
        _ = clinux_spawn_close_from(&actions, descriptor + 1)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(&attributes, Int16(CLINUX_SPAWN_SETSID))
        var words: [UnsafeMutablePointer<CChar>?] = (["zswapfs"] + arguments).map { strdup($0) }
        defer { words.forEach { free($0) } }
        words.append(nil)
        var child: pid_t = 0
        let failed = posix_spawn(
            &child, program, &actions, &attributes, words, clinux_environment())
        guard failed == 0 else {
            throw SystemFailure(
                call: "posix_spawn", errno: Errno(rawValue: failed), path: program)
        }
        return child
    }
}
