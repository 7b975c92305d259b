import LinuxSystem

/// The state of the sources that lie around a program, for programs that are run where they were
/// built.
public enum Revision {
    /// The commit, with `-dirty` after it when something was changed since; nil without git or
    /// sources.
    public static func current() -> String? {
        guard let program = try? OpenFile("/proc/self/exe", for: .locating).canonicalPath(),
            let directory = try? ScratchDirectory("zswapfs-bench-revision", in: "/var/tmp")
        else { return nil }
        let place = "/" + program.split(separator: "/").dropLast().joined(separator: "/")
        let output = "\(directory.path)/output"
        defer { try? SystemText.remove(output) }
        let arguments = ["-C", place, "describe", "--always", "--dirty", "--abbrev=12"]
        let started = try? RunningProcess("git", arguments, output: output, showsErrors: false)
        guard let git = started else { return nil }
        defer { git.kill() }
        _ = Patience.wait(milliseconds: 10_000) { git.exitStatus != nil }
        guard git.exitStatus == 0 else { return nil }
        return try? SystemText.attribute(output)
    }
}
