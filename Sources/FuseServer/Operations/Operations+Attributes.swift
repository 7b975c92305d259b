import CFuse
import ControlTree
import Glibc
import SwapStore
import Threads
import ZswapCore

/// FUSE_LOOKUP, FUSE_FORGET, FUSE_GETATTR, FUSE_SETATTR, FUSE_STATFS.
extension Operations {
    /// Bytes in the unit of `st_blocks`.
    private static let blockByteCount = 512

    /// The changes to a file's attributes; nil leaves one as it is.
    struct Changes {
        /// The user of the request.
        var caller = Operations.privilegedUser
        var mode: UInt32?
        var userID: UInt32?
        var groupID: UInt32?
        var size: UInt64?
        var accessed: FileTime?
        var modified: FileTime?
    }

    func lookUp(_ parent: UInt64, _ name: ByteText) throws(Refusal) -> Entry {
        switch try node(parent) {
        case .area: throw Refusal(ENOTDIR)
        case .control(let path): return try controlEntry(path.appending(name))
        case .root:
            if ControlTree.roots.contains(name) { return try controlEntry(name) }
            guard name.byteCount <= Limits.areaNameByteCountMax else {
                throw Refusal(ENAMETOOLONG)
            }
            guard let area = store.area(named: name) else { throw Refusal(ENOENT) }
            return entry(of: area)
        }
    }

    /// An entry for an area, counted as a look-up.
    func entry(of area: Area) -> Entry {
        store.noteLookup(area)
        return Entry(
            inode: InodeNumber.area(slot: area.slot), generation: area.birth,
            attributes: attributes(of: area), nameSeconds: Self.nameSeconds,
            attributeSeconds: attributeSeconds(of: area))
    }

    /// The text is made now, and what is opened by this look-up is read from it.
    private func controlEntry(_ path: ByteText) throws(Refusal) -> Entry {
        guard store.hasHeap() else { throw Refusal(ENOMEM) }
        guard let kind = tree.kind(of: path) else { throw Refusal(ENOENT) }
        let inode = try inodes.lookUp(
            controlPath: path, text: try text(of: kind, at: path),
            now: UInt64(MonotonicClock.nanoseconds))
        return Entry(
            inode: inode, generation: 1, attributes: attributes(of: kind, inode),
            nameSeconds: Self.controlSeconds, attributeSeconds: Self.controlSeconds)
    }

    /// Makes the text of a control file anew that was looked up long ago, as when its descriptor is
    /// opened again by way of /proc.
    func renewText(_ inode: UInt64, _ kind: ControlKind, _ path: ByteText) throws(Refusal) {
        let now = UInt64(MonotonicClock.nanoseconds)
        guard inodes.isStale(inode, now), let text = try text(of: kind, at: path) else { return }
        inodes.renew(inode, text, now)
    }

    /// The present text of a control file: empty if it can only be written; nil for a directory.
    func text(of kind: ControlKind, at path: ByteText) throws(Refusal) -> [UInt8]? {
        guard case .file(let mode) = kind else { return nil }
        guard mode & 0o444 != 0 else { return [] }
        do {
            return Array(try tree.read(path).utf8)
        } catch {
            throw Refusal(error)
        }
    }

    func forget(_ inode: UInt64, count: UInt64, _ worker: ServingWorker) {
        if let slot = InodeNumber.areaSlot(of: inode) {
            store.forget(slot: slot, count: count, by: worker.store)
        } else if inode != InodeNumber.root {
            inodes.forget(control: inode, count: count)
        }
    }

    func attributes(
        _ inode: UInt64, _ worker: ServingWorker
    ) throws(Refusal) -> (stat, seconds: Double) {
        switch try node(inode) {
        case .root: return (rootAttributes(), 0)
        case .area:
            let area = try area(inode, worker)
            return (attributes(of: area), attributeSeconds(of: area))
        case .control(let path):
            guard let kind = tree.kind(of: path) else { throw Refusal(ENOENT) }
            try resumeText(inode)
            return (attributes(of: kind, inode), Self.controlSeconds)
        }
    }

    /// Owner and mode are for areas only, times for areas and the root. New sizes and times of
    /// control files are accepted and ignored, so that `echo x > file` and `cp -p` work.
    func setAttributes(
        _ inode: UInt64, _ changes: Changes, _ worker: ServingWorker
    ) throws(Refusal) -> (stat, seconds: Double) {
        let node = try node(inode)
        if case .area = node { return try setAttributes(of: area(inode, worker), changes, worker) }
        guard changes.mode == nil, changes.userID == nil, changes.groupID == nil else {
            throw Refusal(EPERM)
        }
        if changes.accessed != nil || changes.modified != nil {
            switch node {
            case .root: store.setRootTimes(accessed: changes.accessed, modified: changes.modified)
            case .control(let path) where tree.kind(of: path) == .directory: throw Refusal(EPERM)
            case .control, .area: break
            }
        }
        return try attributes(inode, worker)
    }

    private func setAttributes(
        of area: Area, _ changes: Changes, _ worker: ServingWorker
    ) throws(Refusal) -> (stat, seconds: Double) {
        if let size = changes.size { try truncate(area, to: size, by: changes.caller, worker) }
        var mode = changes.mode
        let changesOwner = changes.userID != nil || changes.groupID != nil
        // Even root's change of the owner takes the bits, as in the kernel.
        if mode == nil, changesOwner { mode = Self.withoutPrivilegeBits(area.mode) }
        store.setAttributes(
            of: area, mode: mode, userID: changes.userID, groupID: changes.groupID,
            accessed: changes.accessed, modified: changes.modified)
        return (attributes(of: area), attributeSeconds(of: area))
    }

    /// Blocks of 4096 bytes: what the pools take, and what they may take besides, up to their limit
    /// or the arena's size if that is less. Never 0 blocks, not even at a limit of 0: programs
    /// leave out a filesystem of 0 blocks. A loop device takes its discard granularity from the
    /// block size.
    func statistics() -> statvfs {
        let statistics = store.statistics
        let limit = min(statistics.limitByteCount, statistics.arenaByteCountMax) / Page.byteCount
        let used = statistics.poolByteCount / Page.byteCount
        let free = max(limit - used, 0)
        let total = max(used + free, 1)
        let areaCount = store.areaCount
        var result = statvfs()
        result.f_bsize = UInt(Page.byteCount)
        result.f_frsize = UInt(Page.byteCount)
        result.f_blocks = UInt(total)
        result.f_bfree = UInt(free)
        result.f_bavail = UInt(free)
        result.f_files = UInt(Limits.areasMax)
        result.f_ffree = UInt(Limits.areasMax - areaCount)
        result.f_favail = result.f_ffree
        result.f_namemax = UInt(Limits.areaNameByteCountMax)
        return result
    }

    private func attributes(of area: Area) -> stat {
        let attributes = area.attributes
        var result = stat()
        result.st_ino = UInt(InodeNumber.area(slot: area.slot))
        result.st_mode = S_IFREG | attributes.mode & 0o7777
        result.st_nlink = store.isLinked(area) ? 1 : 0
        result.st_uid = attributes.userID
        result.st_gid = attributes.groupID
        result.st_size = Int(attributes.size)
        result.st_blksize = Page.byteCount
        let held = area.heldByteCount
        result.st_blocks = (held + Self.blockByteCount - 1) / Self.blockByteCount
        result.st_atim = Self.time(attributes.accessed)
        result.st_mtim = Self.time(attributes.modified)
        result.st_ctim = Self.time(attributes.changed)
        return result
    }

    private func attributes(of kind: ControlKind, _ inode: UInt64) -> stat {
        switch kind {
        case .directory: return controlDirectoryAttributes(inode)
        case .file(let mode):
            var result = directoryAttributes(inode, mode: mode)
            result.st_mode = S_IFREG | mode
            result.st_nlink = 1
            result.st_size = inodes.byteCount(of: inode)
            // None would be a hole from end to end to programs that look for holes.
            result.st_blocks = (result.st_size + Self.blockByteCount - 1) / Self.blockByteCount
            return result
        }
    }

    private func directoryAttributes(
        _ inode: UInt64, mode: UInt32, subdirectoryCount: Int = 0
    ) -> stat {
        var result = stat()
        result.st_ino = UInt(inodes.shownNumber(of: inode))
        result.st_mode = S_IFDIR | mode
        result.st_nlink = UInt(clamping: 2 + subdirectoryCount)
        result.st_uid = userID
        result.st_gid = groupID
        result.st_blksize = Page.byteCount
        let time = Self.time(mountedAt)
        result.st_atim = time
        result.st_mtim = time
        result.st_ctim = time
        return result
    }

    /// A directory of control files has a link for each directory in it, and one that lists areas
    /// or pools changes with them.
    private func controlDirectoryAttributes(_ inode: UInt64) -> stat {
        guard case .control(let path)? = inodes.node(inode) else {
            return directoryAttributes(inode, mode: 0o555)
        }
        var result = directoryAttributes(
            inode, mode: 0o555, subdirectoryCount: tree.directoryCount(in: path))
        if path.directoryAndName.name == "areas" { setTimes(store.rootTimes, of: &result) }
        if path == Self.poolDirectory {
            let time = seenPools.changedAt(tree.children(of: path), now: store.fileTime)
            setTimes(RootTimes(accessed: mountedAt, modified: time, changed: time), of: &result)
        }
        return result
    }

    private func rootAttributes() -> stat {
        var result = directoryAttributes(
            InodeNumber.root, mode: 0o755, subdirectoryCount: ControlTree.roots.count)
        setTimes(store.rootTimes, of: &result)
        return result
    }

    private func setTimes(_ times: RootTimes, of result: inout stat) {
        result.st_atim = Self.time(times.accessed)
        result.st_mtim = Self.time(times.modified)
        result.st_ctim = Self.time(times.changed)
    }

    private static func time(_ time: FileTime) -> timespec {
        timespec(tv_sec: Int(time.seconds), tv_nsec: Int(time.nanoseconds))
    }
}
