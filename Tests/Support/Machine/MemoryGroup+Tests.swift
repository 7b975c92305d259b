import Foundation
import LinuxSystem

/// Memory cgroups of tests: named so that a later run finds what a killed one left.
extension MemoryGroup {
    /// Makes a group that may use this much memory, and any amount of swap.
    public convenience init(_ name: String, limitByteCount: Int) throws {
        try self.init(
            named: "\(TemporaryFile.prefix)\(getpid())-\(name)", limitByteCount: limitByteCount)
    }

    /// Makes a group that may use this much memory, and no swap: what runs in it does not use the
    /// swap devices of tests at the same time, which could not be switched off then.
    public convenience init(_ name: String, unswappedLimitByteCount: Int) throws {
        try self.init(name, limitByteCount: unswappedLimitByteCount)
        let (file, value) = isVersion2 ? ("memory.swap.max", "0") : ("memory.swappiness", "0")
        _ = try SystemText.setAttribute("\(path)/\(file)", to: value)
    }

    /// Ends what runs in groups that are left over, and removes them.
    static func removeLeftovers(_ isLeftover: (String) -> Bool) {
        guard let root else { return }
        for name in SystemText.names(inDirectory: root.path) where isLeftover(name) {
            let path = "\(root.path)/\(name)"
            let processes = try? SystemText.read("\(path)/cgroup.procs").split(separator: "\n")
            for process in (processes ?? []).compactMap({ pid_t($0) }) { kill(process, SIGKILL) }
            _ = Patience.wait(milliseconds: 5000) { rmdir(path) == 0 || errno != EBUSY }
        }
    }

    /// From now on nothing of the group is swapped out, and the kernel kills no process of it: a
    /// program that charges memory to the group, as swapoff does, gets ENOMEM. The group's own
    /// processes must not need any then. Version 1 only.
    public func refuseMemory(_ refuses: Bool) throws {
        guard !isVersion2 else { throw CocoaError(.featureUnsupported) }
        _ = try SystemText.setAttribute("\(path)/memory.swappiness", to: refuses ? "0" : "60")
        _ = try SystemText.setAttribute("\(path)/memory.oom_control", to: refuses ? "1" : "0")
    }

    /// Processes of the group that the kernel has ended for want of memory.
    public func outOfMemoryKillCount() throws -> Int {
        let name = isVersion2 ? "memory.events" : "memory.oom_control"
        let text = try SystemText.read("\(path)/\(name)")
        guard let count = SystemText.value(of: "oom_kill", in: text).flatMap({ Int($0) }) else {
            throw CocoaError(.fileReadCorruptFile)
        }
        return count
    }

    /// Whether swapoff can be made to fail for want of memory here without a process being killed.
    public static var canRefuseWithoutKilling: Bool { root?.isVersion2 == false }

    /// The arguments of `sh` that run a program in this group, from its first instruction on.
    public func shellArguments(_ program: String, _ arguments: [String]) -> [String] {
        ["-c", "echo $$ > \"$0\" && exec \"$@\"", processesPath, program] + arguments
    }
}
