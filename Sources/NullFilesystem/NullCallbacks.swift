import CFuse
import Glibc
import Synchronization
import ZswapCore

/// The null filesystem's callbacks for libfuse: they serve all requests of the ring, and those of
/// /dev/fuse other than reads, writes and discards. libfuse itself refuses the requests that have
/// no callback here.
enum NullCallbacks {
    private static let root: fuse_ino_t = 1
    private static let data: fuse_ino_t = 2
    /// Nothing ever changes, so the kernel may keep names and attributes.
    private static let validSeconds: Double = 86400

    static var table: fuse_lowlevel_ops {
        var table = fuse_lowlevel_ops()
        table.`init` = { userData, connection in
            guard let userData, let connection else { return }
            Unmanaged<NullSession>.fromOpaque(userData).takeUnretainedValue()
                .configure(&connection.pointee)
        }
        addAttributes(to: &table)
        table.open = { request, _, _ in
            // Raw, because libfuse before 3.15 can't say that direct writes may run in parallel.
            var out = fuse_open_out()
            out.open_flags = UInt32(
                FOPEN_DIRECT_IO | FOPEN_NOFLUSH | FOPEN_PARALLEL_DIRECT_WRITES)
            withUnsafeBytes(of: &out) { bytes in
                _ = fuse_reply_buf(
                    request, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
            }
        }
        addData(to: &table)
        return table
    }

    private static func addAttributes(to table: inout fuse_lowlevel_ops) {
        table.lookup = { request, parent, name in
            guard let request, let name else { return }
            guard parent == NullCallbacks.root, strcmp(name, NullFile.name) == 0 else {
                fuse_reply_err(request, ENOENT)
                return
            }
            let session = NullSession.of(request)
            session.cameByRing.store(cfuse_is_ring(request), ordering: .releasing)
            var entry = fuse_entry_param()
            entry.ino = NullCallbacks.data
            entry.generation = 1
            entry.attr = NullCallbacks.attributes(of: NullCallbacks.data, session)
            entry.attr_timeout = NullCallbacks.validSeconds
            entry.entry_timeout = NullCallbacks.validSeconds
            fuse_reply_entry(request, &entry)
        }
        table.getattr = { request, inode, _ in NullCallbacks.sendAttributes(request, inode) }
        // Truncating and the like are accepted and mean nothing.
        table.setattr = { request, inode, _, _, _ in NullCallbacks.sendAttributes(request, inode) }
        table.statfs = { request, _ in
            guard let request else { return }
            var statistics = statvfs()
            // A loop device takes its discard granularity from here.
            statistics.f_bsize = UInt(Page.byteCount)
            statistics.f_frsize = UInt(Page.byteCount)
            statistics.f_blocks = UInt(NullSession.of(request).file.memory.count / Page.byteCount)
            statistics.f_namemax = UInt(Limits.areaNameByteCountMax)
            fuse_reply_statfs(request, &statistics)
        }
    }

    private static func sendAttributes(_ request: fuse_req_t?, _ inode: fuse_ino_t) {
        guard let request else { return }
        var attributes = attributes(of: inode, NullSession.of(request))
        fuse_reply_attr(request, &attributes, validSeconds)
    }

    private static func attributes(of inode: fuse_ino_t, _ session: NullSession) -> stat {
        var attributes = stat()
        attributes.st_ino = UInt(inode)
        attributes.st_mode = inode == root ? S_IFDIR | 0o755 : S_IFREG | 0o600
        attributes.st_nlink = inode == root ? 2 : 1
        attributes.st_uid = getuid()
        attributes.st_gid = getgid()
        attributes.st_size = inode == root ? 0 : session.file.memory.count
        attributes.st_blksize = Page.byteCount
        return attributes
    }

    private static func addData(to table: inout fuse_lowlevel_ops) {
        table.read = { request, _, size, offset, _ in
            guard let request else { return }
            let part = NullSession.of(request).file.part(at: UInt64(offset), byteCount: size)
            var payload: UnsafeMutablePointer<CChar>?
            var room = 0
            // In the ring's own buffer the answer is where the kernel looks for it; libfuse would
            // copy it there too.
            guard cfuse_is_ring(request), cfuse_ring_payload(request, &payload, &room) == 0,
                let payload, room >= part.count
            else {
                fuse_reply_buf(
                    request, part.baseAddress?.assumingMemoryBound(to: CChar.self), part.count)
                return
            }
            if let bytes = part.baseAddress { memcpy(payload, bytes, part.count) }
            fuse_reply_buf(request, payload, part.count)
        }
        table.write = { request, _, bytes, size, offset, _ in
            guard let request else { return }
            let count = NullSession.of(request).file.write(
                UnsafeRawBufferPointer(start: bytes, count: size), at: UInt64(offset))
            fuse_reply_write(request, count)
        }
        table.fallocate = { request, _, _, _, _, _ in
            if let request { fuse_reply_err(request, 0) }
        }
    }
}
