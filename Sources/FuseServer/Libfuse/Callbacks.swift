import CFuse
import Glibc
import SwapStore
import ZswapCore

/// The table of libfuse's callbacks: each takes its arguments out of C, calls the operation and
/// answers once. No logic.
///
/// Left out on purpose, because the kernel remembers ENOSYS and then does not ask again: fsync
/// (memory is as stable as it gets), flush, access (the kernel checks modes), getxattr; and bmap,
/// with which the kernel would write behind our back.
enum Callbacks {
    static var table: fuse_lowlevel_ops {
        var table = fuse_lowlevel_ops()
        table.`init` = { userData, connection in
            guard let userData, let connection else { return }
            Unmanaged<Session>.fromOpaque(userData).takeUnretainedValue()
                .configure(&connection.pointee)
        }
        addNames(to: &table)
        addRefusals(to: &table)
        addAttributes(to: &table)
        addFiles(to: &table)
        addData(to: &table)
        addDirectories(to: &table)
        return table
    }

    /// Runs an operation that allocates and sends its result or its errno: ENOMEM if the heap has
    /// no room for it.
    static func answer<Value>(
        _ request: fuse_req_t?, _ operation: (Session) throws(Refusal) -> Value,
        send: (consuming Reply, Value) -> Void
    ) {
        answerFromPreparedMemory(request) { session throws(Refusal) in
            guard session.operations.store.hasHeap() else { throw Refusal(ENOMEM) }
            return try operation(session)
        } send: { reply, value in
            send(reply, value)
        }
    }

    /// Runs an operation that takes little or no heap, or checks the heap itself, and sends its
    /// result or its errno.
    static func answerFromPreparedMemory<Value>(
        _ request: fuse_req_t?, _ operation: (Session) throws(Refusal) -> Value,
        send: (consuming Reply, Value) -> Void
    ) {
        guard let request else { return }
        do throws(Refusal) {
            let value = try operation(session(of: request))
            send(Reply(request), value)
        } catch {
            Reply(request).send(error: error.errno)
        }
    }

    static func session(of request: fuse_req_t) -> Session {
        Unmanaged<Session>.fromOpaque(fuse_req_userdata(request)).takeUnretainedValue()
    }

    /// The user, group and umask of the request.
    static func context(of request: fuse_req_t?) -> fuse_ctx { fuse_req_ctx(request).pointee }

    /// A name from the kernel. Names are UTF-8 here; others can't exist.
    static func text(_ name: UnsafePointer<CChar>?) throws(Refusal) -> ByteText {
        guard let name, let text = String(validatingCString: name) else { throw Refusal(EILSEQ) }
        return ByteText(text)
    }

    private static func addNames(to table: inout fuse_lowlevel_ops) {
        table.lookup = { request, parent, name in
            Callbacks.answerFromPreparedMemory(request) { session throws(Refusal) in
                try session.operations.lookUp(UInt64(parent), try Callbacks.text(name))
            } send: { reply, entry in
                reply.send(entry)
            }
        }
        table.forget = { request, inode, count in
            guard let request else { return }
            let session = Callbacks.session(of: request)
            session.operations.forget(UInt64(inode), count: count, session.worker)
            Reply(request).sendNothing()
        }
        table.forget_multi = { request, count, forgets in
            guard let request else { return }
            let session = Callbacks.session(of: request)
            for forget in UnsafeBufferPointer(start: forgets, count: count) {
                session.operations.forget(
                    UInt64(forget.ino), count: forget.nlookup, session.worker)
            }
            Reply(request).sendNothing()
        }
        table.unlink = { request, parent, name in
            Callbacks.answerFromPreparedMemory(request) { session throws(Refusal) in
                try session.operations.unlink(
                    UInt64(parent), try Callbacks.text(name), session.worker)
            } send: { reply, _ in
                reply.send(error: 0)
            }
        }
        table.rename = { request, parent, name, newParent, newName, flags in
            Callbacks.answer(request) { session throws(Refusal) in
                try session.operations.rename(
                    UInt64(parent), try Callbacks.text(name), to: UInt64(newParent),
                    try Callbacks.text(newName),
                    flags: flags, session.worker)
            } send: { reply, _ in
                reply.send(error: 0)
            }
        }
    }

    /// Only regular files live here.
    private static func addRefusals(to table: inout fuse_lowlevel_ops) {
        table.mkdir = { request, _, _, _ in
            if let request { Reply(request).send(error: EPERM) }
        }
        table.rmdir = { request, _, _ in
            if let request { Reply(request).send(error: EPERM) }
        }
        table.symlink = { request, _, _, _ in
            if let request { Reply(request).send(error: EPERM) }
        }
        table.link = { request, _, _, _ in
            if let request { Reply(request).send(error: EPERM) }
        }
    }

    private static func addDirectories(to table: inout fuse_lowlevel_ops) {
        table.opendir = { request, inode, _ in
            Callbacks.answer(request) { session throws(Refusal) in
                try session.operations.openDirectory(UInt64(inode))
            } send: { reply, handle in
                reply.send(directory: handle)
            }
        }
        table.readdir = { request, inode, size, offset, information in
            Callbacks.answer(request) { session throws(Refusal) in
                try Callbacks.listing(
                    UInt64(inode), size, offset, information?.pointee.fh ?? 0, session
                ) { room, row, next in
                    var attributes = stat()
                    attributes.st_mode = row.type
                    attributes.st_ino = UInt(row.number)
                    return fuse_add_direntry(
                        request, room.baseAddress, room.count, row.name.text, &attributes, next)
                }
            } send: { reply, bytes in
                reply.send(bytes)
            }
        }
        table.releasedir = { request, _, information in
            guard let request else { return }
            Callbacks.session(of: request).operations.openFiles.remove(information?.pointee.fh ?? 0)
            Reply(request).send(error: 0)
        }
        addPlus(to: &table)
    }

    /// Bytes of one answer to a reader of a directory; the C library asks for 32 KiB.
    static let listingByteCountMax = 1 << 17

    /// As many rows of an open directory as fit an answer of `size` bytes. `add` writes a row with
    /// the place of the next one into the room it gets and returns how many bytes it takes: more
    /// than there are, and the answer ends before it.
    static func listing(
        _ inode: UInt64, _ size: Int, _ offset: Int, _ handle: UInt64, _ session: Session,
        add: (UnsafeMutableBufferPointer<CChar>, DirectoryRow, _ next: Int) -> Int
    ) throws(Refusal) -> [CChar] {
        let size = min(size, listingByteCountMax)
        guard size > 0 else { return [] }
        var buffer = [CChar](repeating: 0, count: size)
        var used = 0
        let rows = try session.operations.rows(of: handle, in: inode, from: offset)
        for (index, row) in rows.enumerated() {
            guard used < size else { break }
            let needed = buffer.withUnsafeMutableBufferPointer { buffer in
                add(
                    UnsafeMutableBufferPointer(rebasing: buffer[used...]), row,
                    offset + index + 1)
            }
            guard needed <= size - used else { break }
            used += needed
        }
        return Array(buffer[..<used])
    }
}
