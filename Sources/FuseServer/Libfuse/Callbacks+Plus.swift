import CFuse
import Glibc
import ZswapCore

/// FUSE_READDIRPLUS: a listing whose rows are look-ups as well.
extension Callbacks {
    static func addPlus(to table: inout fuse_lowlevel_ops) {
        table.readdirplus = { request, inode, size, offset, information in
            Callbacks.answer(request) { session throws(Refusal) in
                try Callbacks.listing(
                    request, UInt64(inode), size, offset, information?.pointee.fh ?? 0, session)
            } send: { reply, bytes in
                reply.send(bytes)
            }
        }
    }

    private static func listing(
        _ request: fuse_req_t?, _ inode: UInt64, _ size: Int, _ offset: Int, _ handle: UInt64,
        _ session: Session
    ) throws(Refusal) -> [CChar] {
        let size = min(size, listingByteCountMax)
        guard size > 0 else { return [] }
        var buffer = [CChar](repeating: 0, count: size)
        var used = 0
        let rows = try session.operations.rows(of: handle, in: inode, from: offset)
        for (index, row) in rows.enumerated() {
            // The kernel does not count "." and ".." as looked up; a row that went meanwhile is
            // left out.
            let isDots = row.name == "." || row.name == ".."
            var parameter = fuse_entry_param()
            parameter.attr.st_mode = row.type
            parameter.attr.st_ino = UInt(row.number)
            let needed = fuse_add_direntry_plus(
                request, nil, 0, row.name.text, &parameter, offset + index + 1)
            guard needed <= size - used else { break }
            if !isDots {
                guard let entry = try? session.operations.lookUp(inode, row.name) else { continue }
                parameter = Reply.parameter(entry)
            }
            used += fuse_add_direntry_plus(
                request, &buffer[used], size - used, row.name.text, &parameter, offset + index + 1)
            if used == size { break }
        }
        return Array(buffer[..<used])
    }
}
