import Advice
import ArgumentParser
import LinuxSystem

/// The options of `advise` that name the memory that is looked at.
struct AdviseSource: ParsableArguments {
    @Option(
        help: "A process; may be repeated. (default: all that may be read)",
        completion: .shellCommand("ps -e -o pid="))
    var pid: [Int32] = []

    @Option(
        help: """
            A cgroup and all below it: its directory, or its path below the place where cgroups \
            are mounted.
            """,
        completion: .directory)
    var cgroup: String?

    @Option(
        name: .customLong("file"), help: "A file of raw pages, 4096 bytes each.",
        completion: .file())
    var file: String?

    func validate() throws {
        for pid in pid where pid < 1 {
            throw ValidationError("--pid \(pid): not the number of a process, 1 to \(Int32.max)")
        }
        let named =
            [pid.isEmpty ? nil : "--pid", cgroup.map { _ in "--cgroup" }]
            .compactMap { $0 } + (file == nil ? [] : ["--file"])
        guard named.count <= 1 else {
            throw ValidationError("\(named.joined(separator: " and ")): only one of them")
        }
    }

    /// The memory in words: `all processes`.
    var words: String {
        if let file { return "the file \(file)" }
        if let cgroup { return "the processes of cgroup \(cgroup)" }
        if pid.isEmpty { return "all processes" }
        let numbers = pid.map { "\($0)" }.joined(separator: ", ")
        return pid.count == 1 ? "process \(numbers)" : "processes \(numbers)"
    }

    /// Looks for the pages. Throws when there are none. `check` is called before each process.
    func population(
        check: (_ done: Int, _ count: Int) throws -> Void
    ) throws -> Population {
        if let file {
            do {
                return Population(file: try FileSource(path: file))
            } catch let failure as FileSource.Failure {
                throw CommandFailure(.badPath, "--file \(failure)")
            }
        }
        guard Privileges.kernelPageByteCount == PageMemory.pageByteCount else {
            throw CommandFailure(
                .unavailable,
                "pages of this kernel have \(Privileges.kernelPageByteCount) bytes, not "
                    + "\(PageMemory.pageByteCount)")
        }
        let population = try Population(of: try processes(), check: check)
        guard population.sources.isEmpty else { return population }
        if population.unreadableProcessCount > 0 {
            throw CommandFailure(
                .notPermitted, "\(words): the memory may not be read by this user; try as root")
        }
        throw CommandFailure(.badPath, "\(words): no page that could be swapped out")
    }

    private func processes() throws -> [Int32] {
        if let cgroup {
            guard let group = try GroupMembers(cgroup) else {
                throw CommandFailure(
                    .badPath,
                    "--cgroup \(cgroup): no such cgroup, neither at this path nor below the "
                        + "directories where cgroups are mounted")
            }
            return try group.processes()
        }
        for pid in pid where ProcessStatus(of: "\(pid)") == nil {
            throw CommandFailure(.badPath, "--pid \(pid): no such process")
        }
        return pid.isEmpty ? ProcessTable.all : Set(pid).sorted()
    }
}
