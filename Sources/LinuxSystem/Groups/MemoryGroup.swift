import CLinux
import Glibc
import SystemPackage

/// A memory cgroup, version 1 or 2: what runs in it has this much memory and swaps the rest.
///
/// Law: removed when dropped; everything in it must have ended by then.
public final class MemoryGroup {
    /// A hierarchy in which groups can be made.
    public struct Root: Sendable {
        /// The directory of the hierarchy.
        public let path: String
        /// Of cgroup version 2.
        public let isVersion2: Bool
    }

    /// Longest time that the kernel may take to remove a group whose last process has gone,
    /// milliseconds.
    private static let removalMilliseconds = 5000

    /// The group's directory.
    public let path: String
    /// Whether it is of cgroup version 2.
    public let isVersion2: Bool
    private let limitByteCount: Int

    /// Nil: the memory controller is not there, or not ours to use.
    public static let root: Root? = {
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
            return Root(path: mount.mountPoint, isVersion2: isVersion2)
        }
        return nil
    }()

    /// True where a group can be made.
    public static var canBeMade: Bool { root != nil && geteuid() == 0 }

    /// Makes a group of this name that may use this much memory, and any amount of swap. An empty
    /// one of that name is removed first. ENODEV where there is no memory controller.
    public init(named name: String, limitByteCount: Int) throws(SystemFailure) {
        guard let root = Self.root else {
            throw SystemFailure(call: "mkdir", errno: .operationNotSupportedByDevice, path: name)
        }
        isVersion2 = root.isVersion2
        self.limitByteCount = limitByteCount
        path = "\(root.path)/\(name)"
        if isVersion2 {
            // Refused where the group above has processes of its own and the controller is off.
            _ = try? SystemText.setAttribute("\(root.path)/cgroup.subtree_control", to: "+memory")
        }
        rmdir(path)
        guard mkdir(path, 0o755) == 0 else { throw SystemFailure("mkdir", path) }
        try limit(toByteCount: limitByteCount)
    }

    deinit {
        // The kernel needs a moment after the last process has gone.
        _ = Patience.wait(milliseconds: Self.removalMilliseconds) {
            rmdir(path) == 0 || errno == ENOENT
        }
    }

    /// Gives the group another limit. Throws where the kernel can't get what is there below it.
    public func limit(toByteCount byteCount: Int) throws(SystemFailure) {
        let limit = "\(path)/\(isVersion2 ? "memory.max" : "memory.limit_in_bytes")"
        guard try SystemText.setAttribute(limit, to: "\(byteCount)") else {
            throw SystemFailure(call: "open", errno: .noSuchFileOrDirectory, path: limit)
        }
    }

    /// Reclaims what can be reclaimed without killing a process: swaps pages out, and drops pages
    /// of the swap cache, which a machine with free memory keeps for long.
    public func reclaim() throws(SystemFailure) {
        if isVersion2 {
            // Refused when less than that was found, as always.
            _ = try? SystemText.setAttribute("\(path)/memory.reclaim", to: "1G")
        } else {
            // Becomes the limit only if that much goes; the process sleeps meanwhile.
            try? limit(toByteCount: 1 << 20)
            try limit(toByteCount: limitByteCount)
        }
    }

    /// The file that a process number is written to, to put that process into the group.
    public var processesPath: String { "\(path)/cgroup.procs" }

    /// Bytes of the group that are swapped out, by the group's own count.
    public func swappedByteCount() throws(SystemFailure) -> Int {
        if isVersion2 {
            return Int(try SystemText.attribute("\(path)/memory.swap.current") ?? "") ?? 0
        }
        let text = try SystemText.read("\(path)/memory.stat")
        return SystemText.value(of: "swap", in: text).flatMap { Int($0) } ?? 0
    }
}
