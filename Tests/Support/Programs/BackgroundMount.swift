import Foundation
import LinuxSystem
import PoolTesting

/// A mount as people make it: by `zswapfs mount`, which returns while a daemon goes on. When
/// dropped it is unmounted and its daemon has ended.
public final class BackgroundMount {
    /// The mount point.
    public let path: String
    /// The outcome of the command.
    public let outcome: ProgramRun.Outcome
    /// The process that serves it, or another one of its processes; nil if there is none.
    public var daemon: pid_t? {
        ServerProcess.serving(path) ?? MountHost.processes(naming: path).first
    }

    /// Mounts at a directory by this command, by default `zswapfs mount PATH` with arguments.
    public init(
        at path: String, _ arguments: [String] = [], program: String? = BuiltProgram.zswapfs,
        command: (String) -> [String] = { ["mount", $0] }
    ) throws {
        guard let program else { throw CallFailure("zswapfs", ENOENT) }
        self.path = path
        outcome = try ProgramRun.finish(program, command(path) + arguments)
    }

    deinit {
        if MountHost.isMounted(path) { umount2(path, CInt(MNT_DETACH)) }
        if !isGone(seconds: 10), let daemon { kill(daemon, SIGKILL) }
    }

    /// Whether no daemon of this mount point is left, now or within `seconds` seconds.
    public func isGone(seconds: Int) -> Bool {
        Patience.wait(milliseconds: seconds * 1000) { daemon == nil }
    }

    /// Throws unless it is mounted, serves, and can be unmounted without a trace.
    public func check() throws {
        func require(_ condition: Bool, _ text: String) throws {
            if !condition { throw TemporaryMount.Trouble(description: "\(text): \(outcome)") }
        }
        try require(outcome.status == 0, "not mounted")
        try require(MountHost.isMounted(path), "not in the mount table")
        try require(daemon != nil, "no daemon")
        let file = try MountedFile("\(path)/check")
        try file.write([1, 2, 3], at: 5)
        try require(try file.read(at: 5, count: 9) == [1, 2, 3], "does not serve")
        try file.close()
        let unmounted = try BuiltProgram.run(["unmount", path])
        try require(unmounted.status == 0, "not unmounted: \(unmounted)")
        try require(!MountHost.isMounted(path), "still in the mount table")
        try require(isGone(seconds: 10), "a daemon is left")
    }
}
