import CFuse
import Glibc

/// READ, WRITE and FALLOCATE that come by io_uring. What comes by /dev/fuse is answered by
/// ``DeviceTransport`` before libfuse sees it.
///
/// A page is decompressed straight into the ring's buffer, where the kernel takes it from, and
/// compressed straight out of it. Nothing here allocates.
extension Callbacks {
    static func addData(to table: inout fuse_lowlevel_ops) {
        table.read = { request, inode, size, offset, information in
            guard let request else { return }
            Callbacks.read(
                request, UInt64(inode), size, UInt64(offset), information?.pointee.fh ?? 0)
        }
        table.write = { request, inode, bytes, size, offset, _ in
            guard let request else { return }
            Callbacks.write(
                request, UInt64(inode), UnsafeRawBufferPointer(start: bytes, count: size),
                UInt64(offset))
        }
        table.fallocate = { request, inode, mode, offset, byteCount, _ in
            guard let request else { return }
            let session = Callbacks.session(of: request)
            do throws(Refusal) {
                try session.operations.fallocate(
                    UInt64(inode), mode: UInt32(bitPattern: mode), at: UInt64(offset),
                    byteCount: UInt64(byteCount), session.worker)
                Reply(request).send(error: 0)
            } catch {
                Reply(request).send(error: error.errno)
            }
        }
    }

    private static func read(
        _ request: fuse_req_t, _ inode: UInt64, _ size: Int, _ offset: UInt64, _ handle: UInt64
    ) {
        let session = session(of: request)
        guard let payload = ringPayload(of: request) else {
            return Reply(request).send(error: EIO)
        }
        let room = UnsafeMutableRawBufferPointer(rebasing: payload[..<min(size, payload.count)])
        var target = room.mutableBytes
        do {
            let count = try session.operations.read(
                inode, handle: handle, at: offset, into: &target, session.worker)
            Reply(request).send(UnsafeRawBufferPointer(rebasing: room[..<count]))
        } catch {
            Reply(request).send(error: error.errno)
        }
    }

    private static func write(
        _ request: fuse_req_t, _ inode: UInt64, _ data: UnsafeRawBufferPointer, _ offset: UInt64
    ) {
        let session = session(of: request)
        do {
            let count = try session.operations.write(
                data.bytes, to: inode, at: offset, session.worker)
            Reply(request).send(writtenByteCount: count)
        } catch {
            Reply(request).send(error: error.errno)
        }
    }

    /// Where the answer's data goes; nil for a request that did not come by the ring.
    private static func ringPayload(of request: fuse_req_t) -> UnsafeMutableRawBufferPointer? {
        var payload: UnsafeMutablePointer<CChar>?
        var byteCount = 0
        guard cfuse_ring_payload(request, &payload, &byteCount) == 0 else { return nil }
        return UnsafeMutableRawBufferPointer(start: payload, count: byteCount)
    }
}
