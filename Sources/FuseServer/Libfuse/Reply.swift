import CFuse
import Glibc

/// The answer to one request that came through libfuse. Exactly one: sending consumes it, and one
/// that is dropped answers EIO, so that no caller waits for ever.
struct Reply: ~Copyable {
    private let request: fuse_req_t

    init(_ request: fuse_req_t) { self.request = request }

    deinit { fuse_reply_err(request, EIO) }

    consuming func send(error: CInt) {
        fuse_reply_err(request, error)
        discard self
    }

    /// FORGET has no answer.
    consuming func sendNothing() {
        fuse_reply_none(request)
        discard self
    }

    consuming func send(_ entry: Operations.Entry) {
        var parameter = Self.parameter(entry)
        fuse_reply_entry(request, &parameter)
        discard self
    }

    consuming func send(attributes: stat, seconds: Double) {
        var attributes = attributes
        fuse_reply_attr(request, &attributes, seconds)
        discard self
    }

    /// Raw, because libfuse before 3.15 can't say that direct writes may run in parallel.
    consuming func send(_ opened: Operations.Opened) {
        var out = Self.openOut(opened)
        withUnsafeBytes(of: &out) { bytes in
            _ = fuse_reply_buf(
                request, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
        }
        discard self
    }

    /// Entry and open in one, for CREATE: the two structures one after the other.
    consuming func send(_ entry: Operations.Entry, _ opened: Operations.Opened) {
        var out = (Self.entryOut(entry), Self.openOut(opened))
        withUnsafeBytes(of: &out) { bytes in
            _ = fuse_reply_buf(
                request, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
        }
        discard self
    }

    consuming func send(directory handle: UInt64) {
        var information = fuse_file_info()
        information.fh = handle
        fuse_reply_open(request, &information)
        discard self
    }

    consuming func send(_ bytes: [CChar]) {
        fuse_reply_buf(request, bytes, bytes.count)
        discard self
    }

    /// Data where it lies; libfuse copies nothing when that is the ring's own buffer.
    consuming func send(_ data: UnsafeRawBufferPointer) {
        fuse_reply_buf(request, data.baseAddress?.assumingMemoryBound(to: CChar.self), data.count)
        discard self
    }

    consuming func send(writtenByteCount count: Int) {
        fuse_reply_write(request, count)
        discard self
    }

    consuming func send(_ statistics: statvfs) {
        var statistics = statistics
        fuse_reply_statfs(request, &statistics)
        discard self
    }

    consuming func send(offset: Int) {
        fuse_reply_lseek(request, offset)
        discard self
    }

    static func parameter(_ entry: Operations.Entry) -> fuse_entry_param {
        var parameter = fuse_entry_param()
        parameter.ino = entry.inode
        parameter.generation = entry.generation
        parameter.attr = entry.attributes
        parameter.entry_timeout = entry.nameSeconds
        parameter.attr_timeout = entry.attributeSeconds
        return parameter
    }

    private static func openOut(_ opened: Operations.Opened) -> fuse_open_out {
        // Direct I/O: no second copy of a page in the page cache, and control files are never
        // stale.
        var flags = FOPEN_DIRECT_IO | FOPEN_NOFLUSH
        if opened.isArea { flags |= FOPEN_PARALLEL_DIRECT_WRITES }
        // By field: later kernel headers gave the last one another name.
        var out = fuse_open_out()
        out.fh = opened.handle
        out.open_flags = UInt32(flags)
        return out
    }

    /// Negative before 1970; the kernel takes the same bits for signed.
    private static func seconds(_ time: timespec) -> UInt64 {
        UInt64(bitPattern: Int64(time.tv_sec))
    }

    static func entryOut(_ entry: Operations.Entry) -> fuse_entry_out {
        let from = entry.attributes
        var attributes = fuse_attr()
        attributes.ino = UInt64(from.st_ino)
        attributes.size = UInt64(from.st_size)
        attributes.blocks = UInt64(from.st_blocks)
        attributes.atime = seconds(from.st_atim)
        attributes.mtime = seconds(from.st_mtim)
        attributes.ctime = seconds(from.st_ctim)
        attributes.atimensec = UInt32(from.st_atim.tv_nsec)
        attributes.mtimensec = UInt32(from.st_mtim.tv_nsec)
        attributes.ctimensec = UInt32(from.st_ctim.tv_nsec)
        attributes.mode = from.st_mode
        attributes.nlink = UInt32(from.st_nlink)
        attributes.uid = from.st_uid
        attributes.gid = from.st_gid
        attributes.blksize = UInt32(from.st_blksize)
        return fuse_entry_out(
            nodeid: entry.inode, generation: entry.generation,
            entry_valid: UInt64(entry.nameSeconds), attr_valid: UInt64(entry.attributeSeconds),
            entry_valid_nsec: 0, attr_valid_nsec: 0, attr: attributes)
    }
}
