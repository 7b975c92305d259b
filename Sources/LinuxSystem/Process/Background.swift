import CLinux
import Glibc
import SystemPackage

/// Starting this program again to go on in the background.
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
            child = try SelfSpawn.start(
                arguments, passing: ends.1, as: readyDescriptor,
                silenced: [(STDIN_FILENO, O_RDONLY), (STDOUT_FILENO, O_WRONLY)])
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
        return ProcessEnding(waitStatus: status).status
    }

    /// In the child: says that it serves, and lets go of the caller's directory and standard error.
    public static func announceReady() {
        var word: UInt8 = 1
        _ = write(readyDescriptor, &word, 1)
        close(readyDescriptor)
        letGo()
    }

    /// Lets go of the caller's directory, which it would keep busy, and of its standard error,
    /// which is not read any more.
    public static func letGo() {
        chdir("/")
        let null = clinux_open("/dev/null", O_WRONLY | O_CLOEXEC, 0)
        guard null >= 0 else { return }
        dup2(null, STDERR_FILENO)
        close(null)
    }
}
