import Foundation
import LinuxSystem

/// A file of memory on a filesystem of its own, served by a process that can be stopped: then
/// nothing is answered until it goes on. Unmounted when dropped.
public final class HangingDevice {
    /// The file.
    public let path: String
    private let directory: TemporaryDirectory
    private let server: ProgramRun
    private let mountPath: String

    /// Creates a file of `mebibyteCount` MiB.
    public init(mebibyteCount: Int) throws {
        guard let bench = BuiltProgram.bench else { throw CallFailure("zswapfs-bench", ENOENT) }
        directory = try TemporaryDirectory()
        mountPath = try directory.makeDirectory("device")
        path = "\(mountPath)/data"
        server = try ProgramRun(
            bench, ["null", mountPath, "--size", "\(mebibyteCount)M", "--threads", "2"])
        let isUp = Patience.wait(milliseconds: 20_000) { [path, server] in
            SystemCall.exists(path) || !server.isRunning
        }
        guard isUp, server.isRunning else {
            throw TemporaryMount.Trouble(description: "no device: \(server.errorText)")
        }
    }

    /// Nothing is answered from now on.
    public func hang() {
        server.signal(SIGSTOP)
        let identifier = server.identifier
        _ = Patience.wait(milliseconds: 5000) {
            Affinity.threads(of: identifier).allSatisfy { thread in
                let text = try? SystemText.read("/proc/\(identifier)/task/\(thread)/stat")
                guard let text, let end = text.lastIndex(of: ")") else { return false }
                return text[end...].hasPrefix(") T")
            }
        }
    }

    /// Everything is answered again.
    public func goOn() { server.signal(SIGCONT) }

    deinit {
        goOn()
        umount2(mountPath, CInt(MNT_DETACH))
        if server.wait(seconds: 10) == nil { server.signal(SIGKILL) }
    }
}
