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
        guard waitForStandby(path), let server = serving(path) else { return false }
        kill(server, SIGKILL)
        return waitForOther(than: server, path)
    }

    /// The same by the signal of a fault, in a thread that serves. Needs python3.
    public static func faultAndWait(_ path: String, by signal: CInt) throws -> Bool {
        guard waitForStandby(path), let server = serving(path),
            let thread = servingThread(of: server)
        else { return false }
        let script = "import ctypes, sys; ctypes.CDLL(None).tgkill(*map(int, sys.argv[1:]))"
        _ = try ProgramRun.finish(
            "/usr/bin/env", ["python3", "-c", script, "\(server)", "\(thread)", "\(signal)"])
        return waitForOther(than: server, path)
    }

    /// Whether another one stands by, within ten seconds.
    public static func waitForStandby(_ path: String) -> Bool {
        Patience.wait(milliseconds: 10_000) { standingBy(path) != nil }
    }

    /// Whether another process than this one serves, within fifteen seconds.
    public static func waitForOther(than old: pid_t, _ path: String) -> Bool {
        Patience.wait(milliseconds: 15_000) { serving(path).map { $0 != old } ?? false }
    }

    private static func servingThread(of server: pid_t) -> pid_t? {
        let tasks = "/proc/\(server)/task"
        return SystemText.names(inDirectory: tasks).compactMap { pid_t($0) }.first { task in
            (try? SystemText.read("\(tasks)/\(task)/comm"))?.hasPrefix("zswapfs-serve-") == true
        }
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
