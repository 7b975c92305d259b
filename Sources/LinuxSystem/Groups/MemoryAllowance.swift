import Glibc
import Synchronization

/// The memory that this process may still take by its memory cgroups: its own and all above it that
/// it can see, of version 1, 2 or both.
///
///     /proc/self/cgroup ── 4:memory:/a/b ──► /sys/fs/cgroup/memory/a/b ─► …/a    limits of each
///                       └─ 0::/a/b ────────► /sys/fs/cgroup/a/b ─► …/a           usage of each
///
/// Law: limits and usage are read anew each time, and ten times a second which group it is: limits
/// change, and processes are moved. Part of what is left is kept aside, because the kernel charges
/// more than what is asked for here.
/// Price: a read of two small files for each limit. Not for serving threads.
public final class MemoryAllowance: Sendable {
    /// The room in the tightest group.
    public struct Room: Equatable, Sendable {
        /// The directory of the group.
        public let group: String
        /// Its limit, in bytes.
        public let limitByteCount: Int
        /// Bytes that the process may still take; negative when the group's usage, without clean
        /// file cache, exceeds its limit less the part kept aside.
        public let byteCount: Int
    }

    private static let membershipPath = "/proc/self/cgroup"

    private static let lookInterval: Duration = .milliseconds(100)

    private struct State: ~Copyable {
        var nextLook = ContinuousClock.now
        /// The kernel's text of the membership when `levels` were found.
        var membership = ""
        var levels: [GroupLevel] = []
    }
    private let state = Mutex(State())

    /// Reads nothing yet.
    public init() {}

    /// The room in the tightest group; nil where no group has a limit.
    public var room: Room? {
        state.withLock { state in
            Self.refresh(&state)
            return state.levels.compactMap(\.room).min { $0.byteCount < $1.byteCount }
        }
    }

    /// Whether the process may take this many bytes more.
    public func hasRoom(forByteCount byteCount: Int) -> Bool {
        state.withLock { state in
            Self.refresh(&state)
            return state.levels.allSatisfy { $0.hasRoom(forByteCount: byteCount) }
        }
    }

    private static func refresh(_ state: inout State) {
        let now = ContinuousClock.now
        guard now >= state.nextLook else { return }
        state.nextLook = now + lookInterval
        guard let membership = try? SystemText.read(membershipPath),
            membership != state.membership
        else { return }
        state.membership = membership
        let mounts = (try? MountTable.current())?.entries ?? []
        state.levels = GroupPath.chains(membership: membership, mounts: mounts)
            .flatMap { chain in chain.directories.map { ($0, chain.isVersion2) } }
            .flatMap { GroupLevel.limits(of: $0, isVersion2: $1) }
    }
}

/// The directories of a process's groups.
enum GroupPath {
    /// A group's directory and those of all groups above it, up to where the hierarchy is mounted.
    struct Chain: Equatable {
        let directories: [String]
        let isVersion2: Bool
    }

    /// The chains of the memory controller that /proc/self/cgroup and the mount table tell.
    static func chains(membership: String, mounts: [MountTable.Entry]) -> [Chain] {
        membership.split(separator: "\n").compactMap { line -> Chain? in
            let fields = line.split(
                separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { return nil }
            let isVersion2 = fields[1].isEmpty
            guard isVersion2 || fields[1].split(separator: ",").contains("memory") else {
                return nil
            }
            let mount = mounts.last {
                isVersion2 ? $0.type == "cgroup2" : $0.type == "cgroup" && hasMemory($0.mountPoint)
            }
            guard let mount else { return nil }
            return Chain(
                directories: directories(of: String(fields[2]), in: mount), isVersion2: isVersion2)
        }
    }

    private static func hasMemory(_ directory: String) -> Bool {
        access("\(directory)/memory.usage_in_bytes", F_OK) == 0
    }

    /// From the group up to the mount's root. A group outside of what is mounted counts as that
    /// root: the limits of a container stand there.
    static func directories(of group: String, in mount: MountTable.Entry) -> [String] {
        var names = group.split(separator: "/")[...]
        let root = mount.root.split(separator: "/")
        if names.starts(with: root) { names = names.dropFirst(root.count) } else { names = [] }
        if names.contains("..") { names = [] }
        let base = mount.mountPoint == "/" ? "" : mount.mountPoint
        return (0...names.count).reversed().map { count in
            ([base] + names.prefix(count).map(String.init)).joined(separator: "/")
        }
    }
}
