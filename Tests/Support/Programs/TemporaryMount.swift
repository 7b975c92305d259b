import Foundation
import LinuxSystem

/// A mount of the built program in a directory of its own, served by a daemon of its own in the
/// foreground: one process, which tests look into and end, unless they ask for `supervise=on`.
/// ``BackgroundMount`` and the swap tests' mounts are as people make them.
///
/// When dropped it is unmounted and its daemon has ended, in any state that the test left.
public final class TemporaryMount {
    /// A failure of the mount, or of a test's access to it.
    public struct Trouble: Error, CustomStringConvertible {
        /// The failure, in words.
        public let description: String
    }

    /// The mount point.
    public let path: String
    /// The daemon.
    public let daemon: ProgramRun
    private let directory: TemporaryDirectory

    /// Mounts with these options and waits until it serves.
    public convenience init(_ options: String..., level: String = "notice") throws {
        try self.init(options: options, level: level, through: [])
    }

    /// The same through another program, given with its arguments, that becomes the daemon.
    public init(
        options: [String], level: String = "notice", program: String? = BuiltProgram.zswapfs,
        through prefix: [String]
    ) throws {
        guard let program else { throw CallFailure("zswapfs", ENOENT) }
        var options = options
        if !options.contains(where: { $0.contains("supervise=") }) {
            options.append("supervise=off")
        }
        directory = try TemporaryDirectory()
        path = try directory.makeDirectory("mount")
        daemon = try ProgramRun(
            "/usr/bin/env",
            prefix + [program, "mount", path, "--foreground", "--log-level", level]
                + options.flatMap { ["-o", $0] })
        let isUp = Patience.wait(milliseconds: 20_000) { [path, daemon] in
            MountHost.isMounted(path) || !daemon.isRunning
        }
        guard isUp else { throw Trouble(description: "no mount: \(daemon.errorText)") }
        // Seen by others a moment before it knows how it serves, or that it can't.
        let isReady = Patience.wait(milliseconds: 20_000) {
            (try? control("stats/transport")).map { !$0.isEmpty } ?? !daemon.isRunning
        }
        guard isReady, SystemCall.exists("\(path)/stats/version") else {
            _ = daemon.wait(seconds: 10)
            throw Trouble(description: "not ready: \(daemon.errorText)")
        }
    }

    deinit {
        while MountHost.isMounted(path) {
            guard umount2(path, CInt(MNT_DETACH)) == 0 else { break }
        }
        if daemon.wait(seconds: 10) == nil { daemon.signal(SIGKILL) }
    }

    /// The path of an area, or of a control file.
    public func path(_ name: String) -> String { "\(path)/\(name)" }

    /// Opens an area.
    public func open(
        _ name: String, _ flags: CInt = O_RDWR | O_CREAT
    ) throws(CallFailure) -> MountedFile {
        try MountedFile(path(name), flags)
    }

    /// The text of a control file, without the newline at the end.
    public func control(_ name: String) throws(CallFailure) -> String {
        let file = try MountedFile(path(name), O_RDONLY)
        var text: [UInt8] = []
        while true {
            let part = try file.read(at: text.count, count: 1 << 16)
            if part.isEmpty { break }
            text += part
        }
        if text.last == UInt8(ascii: "\n") { text.removeLast() }
        return String(decoding: text, as: UTF8.self)
    }

    /// A number from a control file.
    public func number(_ name: String) throws -> Int {
        guard let number = Int(try control(name)) else {
            throw Trouble(description: "\(name) is no number")
        }
        return number
    }

    /// Writes a control file as `echo value > file` does.
    public func set(_ name: String, _ value: String) throws(CallFailure) {
        let file = try MountedFile(path(name), O_WRONLY | O_CREAT | O_TRUNC)
        try file.append((value + "\n").utf8)
        try file.close()
    }

    /// From now on the daemon gets no more memory of its own (soft RLIMIT_DATA) than it has.
    public func stopDataGrowth() throws {
        try limitData("\(status().byteCount(of: "VmData"))")
    }

    /// The kernel's status of the daemon, /proc/PID/status.
    public func status() throws -> ProcessStatus {
        guard let status = ProcessStatus(of: "\(daemon.identifier)") else {
            throw Trouble(description: "no status of the daemon")
        }
        return status
    }

    /// Sets the daemon's soft RLIMIT_DATA, as prlimit(1) takes it.
    public func limitData(_ bytes: String) throws {
        let (status, text) = try SwapHost.run(
            "prlimit", ["--pid", "\(daemon.identifier)", "--data=\(bytes):"])
        guard status == 0 else { throw Trouble(description: text) }
    }

    /// Unmounts by umount(2), as umount(8) does.
    public func unmount() throws(CallFailure) { try SystemCall.run("umount") { umount2(path, 0) } }
}
