import CLinux
import Glibc
import SystemPackage

/// Starting this program again, or another version of it, in a session of its own. Spawned and not
/// forked: a fork would leave the child without the threads that libraries have started.
public enum SelfSpawn {
    /// The first word of what is started, which lists of processes show.
    private static let name = "zswapfs"

    /// Becomes the program of an open file, in the same process, with these arguments. Returns only
    /// when that fails.
    public static func become(_ executable: CInt, _ arguments: [String]) -> SystemFailure {
        var words = ArgumentWords.make([name] + arguments)
        defer { words.forEach { free($0) } }
        let path = "/proc/self/fd/\(executable)"
        execve(path, &words, clinux_environment())
        return SystemFailure("execve", path)
    }

    /// Starts the program with these arguments. The child has `end` as `descriptor`, /dev/null in
    /// place of the `silenced` standard streams, the others of ours, and nothing else open: not a
    /// script's lock, not the write end of a pipe that another process reads to its end.
    /// `executable` is an open file in place of this program's own.
    static func start(
        _ arguments: [String], executable: CInt? = nil, passing end: CInt, as descriptor: CInt,
        silenced: [(stream: CInt, mode: CInt)]
    ) throws(SystemFailure) -> pid_t {
        // By this process's number: the child has closed it by then.
        let program = executable.map { "/proc/\(getpid())/fd/\($0)" } ?? "/proc/self/exe"
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (stream, mode) in silenced {
            posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", mode, 0)
        }
        posix_spawn_file_actions_adddup2(&actions, end, descriptor)
        _ = clinux_spawn_close_from(&actions, descriptor + 1)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(&attributes, Int16(CLINUX_SPAWN_SETSID))
        let words = ArgumentWords.make([name] + arguments)
        defer { words.forEach { free($0) } }
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
