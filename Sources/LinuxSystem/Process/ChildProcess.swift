import CLinux
import Glibc
import SystemPackage

/// Another program, run to its end with this process's input, output and environment.
public enum ChildProcess {
    /// Runs the program, looked for in PATH, and waits. The value is its exit status, or 128 and
    /// the signal that ended it. ENOENT when there is none of this name.
    public static func run(_ name: String, _ arguments: [String]) throws(SystemFailure) -> CInt {
        let words = ArgumentWords.make([name] + arguments)
        defer { words.forEach { free($0) } }
        var child: pid_t = 0
        let failed = posix_spawnp(&child, name, nil, nil, words, clinux_environment())
        guard failed == 0 else {
            throw SystemFailure(call: "posix_spawnp", errno: Errno(rawValue: failed), path: name)
        }
        var status: CInt = 0
        while waitpid(child, &status, 0) < 0 {
            guard errno == EINTR else { throw SystemFailure("waitpid", name) }
        }
        return ProcessEnding(waitStatus: status).status
    }
}
