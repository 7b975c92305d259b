import CFuse
import Glibc
import ZswapCore

/// FUSE_READDIRPLUS: a listing whose rows are look-ups as well.
extension Callbacks {
    static func addPlus(to table: inout fuse_lowlevel_ops) {
        table.readdirplus = { request, inode, size, offset, information in
            Callbacks.answer(request) { session throws(Refusal) in
                try Callbacks.listing(
                    UInt64(inode), size, offset, information?.pointee.fh ?? 0, session
                ) { room, row, next in
                    Callbacks.add(row, of: UInt64(inode), next, to: room, request, session)
                }
            } send: { reply, bytes in
                reply.send(bytes)
            }
        }
    }

    /// A row and, but for "." and "..", which the kernel does not count, a look-up. A row that went
    /// meanwhile takes nothing.
    private static func add(
        _ row: DirectoryRow, of inode: UInt64, _ next: Int,
        to room: UnsafeMutableBufferPointer<CChar>, _ request: fuse_req_t?, _ session: Session
    ) -> Int {
        var parameter = fuse_entry_param()
        parameter.attr.st_mode = row.type
        parameter.attr.st_ino = UInt(row.number)
        // How many bytes, before it is looked up: what is looked up has to be told.
        let needed = fuse_add_direntry_plus(request, nil, 0, row.name.text, &parameter, next)
        guard needed <= room.count else { return needed }
        if row.name != "." && row.name != ".." {
            guard let entry = try? session.operations.lookUp(inode, row.name) else { return 0 }
            parameter = Reply.parameter(entry)
        }
        return fuse_add_direntry_plus(
            request, room.baseAddress, room.count, row.name.text, &parameter, next)
    }
}
