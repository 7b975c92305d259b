import CLinux
import Glibc
import SystemPackage

/// A program that runs beside this one, in a session of its own: a Ctrl-C at the terminal does not
/// reach it.
///
/// Law: signals that this process has blocked are not blocked in it.
public final class RunningProcess {
    /// Its number.
    public let identifier: Int32
    private var status: CInt?

    /// Starts a program, by its path or looked for in PATH. Its standard output goes to the file
    /// `output`, its standard error where this process's goes or nowhere. ENOENT when there is none
    /// of this name.
    public init(
        _ name: String, _ arguments: [String], output: String = "/dev/null",
        showsErrors: Bool = true
    ) throws(SystemFailure) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(
            &actions, STDOUT_FILENO, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        if !showsErrors {
            posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var noSignals = sigset_t()
        sigemptyset(&noSignals)
        posix_spawnattr_setsigmask(&attributes, &noSignals)
        posix_spawnattr_setflags(
            &attributes, Int16(CLINUX_SPAWN_SETSID) | Int16(POSIX_SPAWN_SETSIGMASK))
        let words = ArgumentWords.make([name] + arguments)
        defer { words.forEach { free($0) } }
        var child: pid_t = 0
        let failed = posix_spawnp(
            &child, name, &actions, &attributes, words, clinux_environment())
        guard failed == 0 else {
            throw SystemFailure(call: "posix_spawnp", errno: Errno(rawValue: failed), path: name)
        }
        identifier = child
    }

    /// Its exit status, or 128 and the signal that ended it; nil while it runs.
    public var exitStatus: CInt? {
        if status == nil {
            var word: CInt = 0
            if waitpid(identifier, &word, WNOHANG) == identifier {
                status = ProcessEnding(waitStatus: word).status
            }
        }
        return status
    }

    /// Ends it at once.
    public func kill() {
        guard exitStatus == nil else { return }
        Glibc.kill(identifier, SIGKILL)
        _ = Patience.wait(milliseconds: 5000) { exitStatus != nil }
    }
}
