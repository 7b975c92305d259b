import LinuxSystem
import ZswapCore

/// Checks of this user's rights and limits.
extension MachineFacts {
    var processFindings: [Finding] {
        [rightsFinding, lockFinding, resourceFinding, groupFinding].compactMap { $0 }
    }

    /// Locked memory that a mount with an empty store needs at least.
    private static let lockedByteCountLeast: UInt64 = 64 << 20
    /// A group with less room than one of this many parts of the memory is tight.
    private static let roomShare: UInt64 = 8

    private var isAdministrator: Bool { capabilities.contains(.administerSystem) }

    private var rightsFinding: Finding {
        guard !isAdministrator else {
            return .good("rights", "CAP_SYS_ADMIN: may mount, and turn areas on as swap")
        }
        guard hasMountHelper else {
            return .problem(
                "rights", "no CAP_SYS_ADMIN and no fusermount3, so nothing can be mounted",
                remedy: "apt-get install fuse3, or run it as root")
        }
        return .problem(
            "rights",
            """
            no CAP_SYS_ADMIN: fusermount3 mounts for this user, and areas are files; swap, and \
            params/latency, are root's
            """, remedy: "sudo zswapfs doctor")
    }

    private var lockFinding: Finding {
        if capabilities.contains(.lockMemory) {
            return .good("locked memory", "CAP_IPC_LOCK: as much as the pools take")
        }
        guard let most = lockedByteCountMax else {
            return .good("locked memory", "no limit")
        }
        guard most < max(Self.lockedByteCountLeast, memoryByteCount / 2) else {
            return .good("locked memory", "up to \(ByteSize(bytes: most))")
        }
        return .advice(
            "locked memory",
            """
            at most \(ByteSize(bytes: most)): the rest of the store may be swapped out itself, and \
            a load then waits for a disk
            """, remedy: "ulimit -l unlimited; with systemd: LimitMEMLOCK=infinity")
    }

    private var resourceFinding: Finding? {
        guard isAdministrator, !capabilities.contains(.useResources) else { return nil }
        return .advice(
            "memory shortage",
            """
            no CAP_SYS_RESOURCE: the kernel can't be told that the daemon serves swap \
            (PR_SET_IO_FLUSHER), nor to kill other processes first (oom_score_adj)
            """, remedy: "give the container CAP_SYS_RESOURCE")
    }

    private var groupFinding: Finding? {
        guard let room else { return .good("memory group", "none has a limit") }
        let left = ByteSize(bytes: UInt64(max(room.byteCount, 0)))
        let limit = ByteSize(bytes: UInt64(max(room.limitByteCount, 0)))
        let text = "\(room.group) allows \(limit), and \(left) of it is left"
        guard UInt64(max(room.byteCount, 0)) < memoryByteCount / Self.roomShare else {
            return .good("memory group", text)
        }
        return .advice(
            "memory group", "\(text): pools stop there, whatever max_pool_percent says",
            remedy: "raise the group's limit, or start the mount outside of it")
    }
}
