import CFuse
import Glibc
import SwapStore
import Synchronization
import ZswapCore

/// Attributes and open files.
extension Callbacks {
    static func addAttributes(to table: inout fuse_lowlevel_ops) {
        table.getattr = { request, inode, _ in
            Callbacks.answerFromPreparedMemory(request) { session throws(Refusal) in
                try session.operations.attributes(UInt64(inode), session.worker)
            } send: { reply, answer in
                reply.send(attributes: answer.0, seconds: answer.seconds)
            }
        }
        table.setattr = { request, inode, attributes, mask, _ in
            Callbacks.answer(request) { session throws(Refusal) in
                guard let attributes else { throw Refusal(EINVAL) }
                return try session.operations.setAttributes(
                    UInt64(inode),
                    try Callbacks.changes(
                        attributes.pointee, mask, by: Callbacks.context(of: request).uid,
                        now: session.operations.store.fileTime),
                    session.worker)
            } send: { reply, answer in
                reply.send(attributes: answer.0, seconds: answer.seconds)
            }
        }
        table.statfs = { request, _ in
            Callbacks.answer(request) { session throws(Refusal) in
                session.cameByRing.store(cfuse_is_ring(request), ordering: .releasing)
                return session.operations.statistics()
            } send: { reply, statistics in
                reply.send(statistics)
            }
        }
    }

    /// The changes that a request asks for. EINVAL when a time's nanoseconds are out of range.
    static func changes(
        _ new: stat, _ mask: CInt, by userID: UInt32, now: FileTime
    ) throws(Refusal) -> Operations.Changes {
        func has(_ flag: CInt) -> Bool { mask & flag != 0 }
        func time(_ time: timespec) throws(Refusal) -> FileTime {
            guard
                let time = FileTime(
                    seconds: Int64(time.tv_sec), nanoseconds: Int64(time.tv_nsec))
            else { throw Refusal(EINVAL) }
            return time
        }
        var changes = Operations.Changes(caller: userID)
        if has(FUSE_SET_ATTR_MODE) { changes.mode = new.st_mode & 0o7777 }
        if has(FUSE_SET_ATTR_UID) { changes.userID = new.st_uid }
        if has(FUSE_SET_ATTR_GID) { changes.groupID = new.st_gid }
        if has(FUSE_SET_ATTR_SIZE) { changes.size = UInt64(bitPattern: Int64(new.st_size)) }
        if has(FUSE_SET_ATTR_ATIME) { changes.accessed = try time(new.st_atim) }
        if has(FUSE_SET_ATTR_MTIME) { changes.modified = try time(new.st_mtim) }
        if has(FUSE_SET_ATTR_ATIME_NOW) { changes.accessed = now }
        if has(FUSE_SET_ATTR_MTIME_NOW) { changes.modified = now }
        return changes
    }

    static func addFiles(to table: inout fuse_lowlevel_ops) {
        table.mknod = { request, parent, name, mode, _ in
            Callbacks.answerFromPreparedMemory(request) { session throws(Refusal) in
                let context = Callbacks.context(of: request)
                return try session.operations.create(
                    UInt64(parent), try Callbacks.text(name), mode: mode & ~context.umask,
                    userID: context.uid, groupID: context.gid, session.worker)
            } send: { reply, entry in
                reply.send(entry)
            }
        }
        table.create = { request, parent, name, mode, information in
            Callbacks.answerFromPreparedMemory(request) { session throws(Refusal) in
                let context = Callbacks.context(of: request)
                let entry = try session.operations.create(
                    UInt64(parent), try Callbacks.text(name), mode: mode & ~context.umask,
                    userID: context.uid, groupID: context.gid, session.worker)
                let opened = try session.operations.open(
                    entry.inode, flags: information?.pointee.flags ?? O_RDWR,
                    by: context.uid, session.worker)
                return (entry, opened)
            } send: { reply, answer in
                reply.send(answer.0, answer.1)
            }
        }
        table.open = { request, inode, information in
            Callbacks.answerFromPreparedMemory(request) { session throws(Refusal) in
                try session.operations.open(
                    UInt64(inode), flags: information?.pointee.flags ?? 0,
                    by: Callbacks.context(of: request).uid, session.worker)
            } send: { reply, opened in
                reply.send(opened)
            }
        }
        table.release = { request, inode, information in
            guard let request else { return }
            let session = Callbacks.session(of: request)
            session.operations.release(
                UInt64(inode), handle: information?.pointee.fh ?? 0, session.worker)
            Reply(request).send(error: 0)
        }
        table.lseek = { request, inode, offset, whence, _ in
            Callbacks.answerFromPreparedMemory(request) { session throws(Refusal) in
                try session.operations.seek(
                    UInt64(inode), from: offset, whence: whence, session.worker)
            } send: { reply, offset in
                reply.send(offset: offset)
            }
        }
    }
}
