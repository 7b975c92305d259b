import ControlTree
import Glibc
import SwapStore
import ZswapCore

/// FUSE_CREATE, FUSE_MKNOD, FUSE_UNLINK, FUSE_RENAME, FUSE_OPEN, FUSE_RELEASE.
///
/// A server that was killed may have done a request that it did not answer; the kernel then sends
/// the request to the successor again (``ServingWorker/isRepeated``). Law: a repeated request
/// whose change exists already succeeds. Comparing state is enough, since the kernel keeps other
/// changes of the directory out until the request is answered.
extension Operations {
    /// RENAME_NOREPLACE, the only flag of renameat2 that is known here.
    private static let renameNoReplace: UInt32 = 1

    /// The answer to an open request: a handle, and whether the file is an area.
    struct Opened {
        var handle: UInt64
        var isArea: Bool
    }

    func create(
        _ parent: UInt64, _ name: ByteText, mode: UInt32, userID: UInt32, groupID: UInt32,
        _ worker: ServingWorker
    ) throws(Refusal) -> Entry {
        try requireRoot(parent)
        guard mode & S_IFMT == S_IFREG || mode & S_IFMT == 0 else { throw Refusal(EPERM) }
        guard !ControlTree.roots.contains(name) else { throw Refusal(EEXIST) }
        // Twice: the area stays, and removing it takes a listing in which a program can find it.
        guard store.hasHeap(times: 2) else { throw Refusal(ENOMEM) }
        do {
            let area = try store.createArea(
                name: name, mode: mode & 0o7777, userID: userID, groupID: groupID)
            return entry(of: area)
        } catch {
            guard worker.isRepeated, error == .alreadyExists, let area = store.area(named: name)
            else { throw Refusal(error) }
            return entry(of: area)
        }
    }

    func unlink(
        _ parent: UInt64, _ name: ByteText, _ worker: ServingWorker
    ) throws(Refusal) {
        try requireRoot(parent)
        guard !ControlTree.roots.contains(name) else { throw Refusal(EPERM) }
        if worker.isRepeated, store.area(named: name) == nil { return }
        if let area = store.area(named: name) { try requireNoSwap(area) }
        do {
            try store.unlinkArea(name: name, by: worker.store)
        } catch {
            throw Refusal(error)
        }
    }

    func rename(
        _ parent: UInt64, _ name: ByteText, to newParent: UInt64, _ newName: ByteText,
        flags: UInt32,
        _ worker: ServingWorker
    ) throws(Refusal) {
        try requireRoot(parent)
        try requireRoot(newParent)
        guard flags & ~Self.renameNoReplace == 0 else { throw Refusal(EINVAL) }
        guard !ControlTree.roots.contains(name) else { throw Refusal(EPERM) }
        guard !ControlTree.roots.contains(newName) else { throw Refusal(EISDIR) }
        if worker.isRepeated, store.area(named: name) == nil, store.area(named: newName) != nil {
            return
        }
        for name in [name, newName] {
            if let area = store.area(named: name) { try requireNoSwap(area) }
        }
        do {
            try store.renameArea(
                from: name, to: newName, replaces: flags & Self.renameNoReplace == 0,
                by: worker.store)
        } catch {
            throw Refusal(error)
        }
    }

    /// Opens an area, or a control file, which is read from the text of its look-up. The kernel
    /// leaves O_TRUNC to us (FUSE_CAP_ATOMIC_O_TRUNC); for a control file it has no effect.
    func open(
        _ inode: UInt64, flags: CInt, by caller: UInt32 = privilegedUser,
        _ worker: ServingWorker
    ) throws(Refusal) -> Opened {
        switch try node(inode) {
        case .root: throw Refusal(EISDIR)
        case .area:
            let area = try area(inode, worker)
            if flags & O_TRUNC != 0 { try truncate(area, to: 0, by: caller, worker) }
            let handle = newHandle(worker)
            do {
                try store.open(area, handle: handle)
            } catch {
                throw Refusal(error)
            }
            return Opened(handle: handle, isArea: true)
        case .control(let path):
            guard store.hasHeap() else { throw Refusal(ENOMEM) }
            // What it was for may have gone since it was looked up: an area, a pool.
            guard let kind = tree.kind(of: path) else { throw Refusal(ENOENT) }
            guard case .file(let mode) = kind else { throw Refusal(EISDIR) }
            let access = flags & O_ACCMODE
            guard access == O_RDONLY || mode & 0o222 != 0 else { throw Refusal(EACCES) }
            guard access == O_WRONLY || mode & 0o444 != 0 else { throw Refusal(EACCES) }
            try renewText(inode, kind, path)
            inodes.open(control: inode)
            return Opened(handle: 0, isArea: false)
        }
    }

    func truncate(
        _ area: Area, to size: UInt64, by caller: UInt32, _ worker: ServingWorker
    ) throws(Refusal) {
        if size < area.attributes.size { try requireNoSwap(area) }
        do {
            try store.truncate(area, to: size, by: worker.store)
        } catch {
            throw Refusal(error)
        }
        dropPrivilegeBits(of: area, for: caller)
    }

    /// Refuses a change of name or length while the kernel swaps to the area, as for the kernel's
    /// own swap files. An area that is not open has no loop device.
    private func requireNoSwap(_ area: Area) throws(Refusal) {
        guard store.isOpen(area), isSwap(area) else { return }
        throw Refusal(EBUSY)
    }

    func release(_ inode: UInt64, handle: UInt64, _ worker: ServingWorker) {
        guard InodeNumber.areaSlot(of: inode) != nil else {
            return inodes.close(control: inode)
        }
        store.close(handle: handle, by: worker.store)
    }
}
