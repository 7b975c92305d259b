import CLinux
import Glibc
import SystemPackage

/// Starting this program again to go on in the background, instead of forking: a fork would leave
/// the child without the threads that libraries have started.
///
///     caller ── spawn /proc/self/exe … --ready-descriptor 3 ──> child (own session, / later)
///        └── reads the pipe:  one byte: it serves     end: it failed, its status is the caller's
public enum Background {
    /// The descriptor on which the child says that it is ready.
    public static let readyDescriptor: CInt = 3

    /// Starts the program with these arguments and waits for its word. Nil: it serves. Otherwise
    /// its exit status; it has written its message to standard error, which both share until then.
    public static func start(_ arguments: [String]) throws(SystemFailure) -> CInt? {
        var ends: (CInt, CInt) = (-1, -1)
        let piped = withUnsafeMutableBytes(of: &ends) { ends in
            clinux_pipe(ends.baseAddress?.assumingMemoryBound(to: CInt.self))
        }
        guard piped == 0 else { throw SystemFailure("pipe2", "") }
        let child: pid_t
        do {
            child = try spawn(arguments, readyEnd: ends.1)
            close(ends.1)
        } catch {
            close(ends.0)
            close(ends.1)
            throw error
        }
        defer { close(ends.0) }
        var word: UInt8 = 0
        while true {
            let count = read(ends.0, &word, 1)
            if count == 1 { return nil }
            if count == 0 { break }
            guard errno == EINTR else { throw SystemFailure("read", "pipe") }
        }
        var status: CInt = 0
        while waitpid(child, &status, 0) < 0 {
            guard errno == EINTR else { throw SystemFailure("waitpid", "\(child)") }
        }
        let signal = status & 0x7f
        return signal == 0 ? status >> 8 & 0xff : 128 + signal
    }

    private static func spawn(
        _ arguments: [String], readyEnd: CInt
    ) throws(SystemFailure) -> pid_t {
        let program = "/proc/self/exe"
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, readyEnd, readyDescriptor)
        // Nothing else of the caller stays open for as long as the mount lives: not a script's
        // lock, not the other end of a pipe that somebody reads to its end.
        _ = clinux_spawn_close_from(&actions, readyDescriptor + 1)
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

    /// In the child: says that it serves, and lets go of the caller's directory and standard error.
    public static func announceReady() {
        var word: UInt8 = 1
        _ = write(readyDescriptor, &word, 1)
        close(readyDescriptor)
        chdir("/")
        let null = clinux_open("/dev/null", O_WRONLY | O_CLOEXEC, 0)
        guard null >= 0 else { return }
        dup2(null, STDERR_FILENO)
        close(null)
    }
}
