import Foundation
import LinuxSystem

/// A memory cgroup of a test, version 1 or 2: what runs in it has this much memory and swaps the
/// rest.
///
/// Law: removed when dropped; everything in it must have ended by then.
public final class MemoryGroup {
    /// The group's directory.
    public let path: String
    private let isVersion2: Bool
    private let limitByteCount: Int

    /// Where groups can be made, or nil: the memory controller is not there, or not ours to use.
    private static let root: (path: String, isVersion2: Bool)? = {
        guard let mounts = try? MountTable.current() else { return nil }
        for mount in mounts.entries {
            let isVersion2 = mount.type == "cgroup2"
            guard isVersion2 || mount.type == "cgroup" else { continue }
            let probe = isVersion2 ? "cgroup.controllers" : "memory.limit_in_bytes"
            guard let text = try? SystemText.attribute("\(mount.mountPoint)/\(probe)") else {
                continue
            }
            guard !isVersion2 || text.split(separator: " ").contains("memory") else { continue }
            guard access(mount.mountPoint, W_OK) == 0 else { continue }
            return (mount.mountPoint, isVersion2)
        }
        return nil
    }()

    /// True where a group can be made.
    public static var canBeMade: Bool { root != nil && geteuid() == 0 }

    /// Makes a group that may use this much memory, and any amount of swap.
    public init(_ name: String, limitByteCount: Int) throws {
        guard let root = Self.root else { throw CocoaError(.featureUnsupported) }
        isVersion2 = root.isVersion2
        self.limitByteCount = limitByteCount
        path = "\(root.path)/\(TemporaryFile.prefix)\(getpid())-\(name)"
        if isVersion2 {
            // Refused where the group above has processes of its own and the controller is off.
            _ = try? SystemText.setAttribute("\(root.path)/cgroup.subtree_control", to: "+memory")
        }
        try? FileManager.default.removeItem(atPath: path)
        rmdir(path)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        let limit = isVersion2 ? "memory.max" : "memory.limit_in_bytes"
        guard try SystemText.setAttribute("\(path)/\(limit)", to: "\(limitByteCount)") else {
            rmdir(path)
            throw CocoaError(.featureUnsupported)
        }
    }

    deinit {
        // The kernel needs a moment after the last process has gone.
        _ = Patience.wait(milliseconds: 5000) { rmdir(path) == 0 || errno == ENOENT }
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

    /// Gives the group another limit. Throws where the kernel can't get what is there below it.
    public func limit(toByteCount byteCount: Int) throws {
        let limit = isVersion2 ? "memory.max" : "memory.limit_in_bytes"
        _ = try SystemText.setAttribute("\(path)/\(limit)", to: "\(byteCount)")
    }

    /// Takes away what can be taken away, without killing anybody: swaps out, and drops what is
    /// swapped out already and still in memory too, which a machine with free memory keeps for
    /// long.
    public func reclaim() throws {
        if isVersion2 {
            // Refused when less than that was found, as always.
            _ = try? SystemText.setAttribute("\(path)/memory.reclaim", to: "1G")
        } else {
            // Becomes the limit only if that much goes; the process sleeps meanwhile.
            try? limit(toByteCount: 1 << 20)
            try limit(toByteCount: limitByteCount)
        }
    }

    /// From now on nothing of the group is swapped out, and nobody is killed for want of memory:
    /// who fills its memory on its behalf, as swapoff does, is told that there is none. Its own
    /// processes must not need any then. Version 1 only.
    public func refuseMemory(_ refuses: Bool) throws {
        guard !isVersion2 else { throw CocoaError(.featureUnsupported) }
        _ = try SystemText.setAttribute("\(path)/memory.swappiness", to: refuses ? "0" : "60")
        _ = try SystemText.setAttribute("\(path)/memory.oom_control", to: refuses ? "1" : "0")
    }

    /// Whether swapoff can be made to fail for want of memory here without a process being killed.
    public static var canRefuseWithoutKilling: Bool { root?.isVersion2 == false }

    /// The arguments of `sh` that run a program in this group, from its first instruction on.
    func shellArguments(_ program: String, _ arguments: [String]) -> [String] {
        ["-c", "echo $$ > \"$0\" && exec \"$@\"", "\(path)/cgroup.procs", program] + arguments
    }

    /// Bytes of the group that are swapped out, by the group's own count.
    public func swappedByteCount() throws -> Int {
        if isVersion2 {
            return Int(try SystemText.attribute("\(path)/memory.swap.current") ?? "") ?? 0
        }
        let lines = try SystemText.read("\(path)/memory.stat").split(separator: "\n")
        return lines.first { $0.hasPrefix("swap ") }.flatMap { Int($0.dropFirst(5)) } ?? 0
    }
}
