import Glibc
import LinuxSystem

/// The processes of a supervised mount, by what they call themselves.
public enum ServerProcess {
    /// The one that serves the mount at this path; nil while there is none.
    public static func serving(_ path: String) -> pid_t? { process("zswapfs", path) }
    /// The one that supervises it.
    public static func supervising(_ path: String) -> pid_t? { process("zswapfs-super", path) }
    /// The one that stands by.
    public static func standingBy(_ path: String) -> pid_t? { process("zswapfs-standby", path) }

    /// Kills the one that serves, once another one stands by, and waits for that one to serve.
    /// False if there was none, or none came.
    public static func killAndWait(_ path: String) -> Bool {
        let isReady = Patience.wait(milliseconds: 10_000) { standingBy(path) != nil }
        guard isReady, let old = serving(path) else { return false }
        kill(old, SIGKILL)
        return Patience.wait(milliseconds: 15_000) { serving(path).map { $0 != old } ?? false }
    }

    private static func process(_ name: String, _ path: String) -> pid_t? {
        // Other commands that name the mount have the name of the program, too.
        let processes =
            name == "zswapfs-super"
            ? ProcessTable.processes(withArguments: path)
            : ProcessTable.processes(withArguments: "mount", path)
        return processes.first { process in
            (try? SystemText.read("/proc/\(process)/comm")) == name + "\n"
        }
    }
}
